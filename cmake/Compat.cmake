# With NATS_RS_INSTALL_COMPAT, installs the files of nats.c that programs look for, as the component `compat`:
#   include/nats.h, include/nats/nats.h, status.h, version.h, adapters/libuv.h, adapters/libevent.h
#   lib/libnats.so -> libnats_rs.so, lib/libnats_static.a -> libnats_rs.a, to link programs with
#   lib/libnats.so.3.N, for programs that were linked with nats.c 3.N
#   lib/cmake/cnats/cnats-config.cmake and its version file, lib/pkgconfig/libnats.pc
#
# These files replace those of an installed nats.c, and need the other components.
set(cnats_version_file ${PROJECT_SOURCE_DIR}/include/nats_rs.h)
file(STRINGS ${cnats_version_file} cnats_version REGEX "^#define NATS_VERSION_(MAJOR|MINOR|PATCH) ")
string(REGEX REPLACE "#define NATS_VERSION_[A-Z]+ ([0-9]+)" "\\1" cnats_version "${cnats_version}")
string(REPLACE ";" "." cnats_version "${cnats_version}")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${cnats_version_file})

# ---- libraries for programs that were linked with nats.c -----------------------------------------------------------

# libnats_compat(MINOR SOURCE...): builds libnats.so.3.MINOR. It exists only for the versions whose structures
# compat/layouts.h has: a program that was linked with another version does not start, rather than run with structures of
# wrong sizes.
function(libnats_compat minor)
    set(target libnats_3_${minor})
    add_library(${target} SHARED ${ARGN})
    math(EXPR abi "300 + ${minor}")
    set_target_properties(${target} PROPERTIES
        PREFIX "" OUTPUT_NAME libnats.so.3.${minor} SUFFIX "" NO_SONAME ON
        LIBRARY_OUTPUT_DIRECTORY ${NATS_RS_STAGE}
        C_STANDARD 11 C_EXTENSIONS ON C_VISIBILITY_PRESET hidden
        INSTALL_RPATH "$ORIGIN" BUILD_WITH_INSTALL_RPATH ON)
    target_compile_definitions(${target} PRIVATE NATS_ABI=${abi})
    target_compile_options(${target} PRIVATE -Wall -Wextra)
    # It must need libnats_rs even if it calls none of its functions: the program finds most functions there.
    target_link_options(${target} PRIVATE LINKER:-soname,libnats.so.3.${minor} LINKER:--no-as-needed LINKER:-z,now LINKER:-s)
    target_link_libraries(${target} PRIVATE nats_rs::shared ${CMAKE_DL_LIBS})
    install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT compat
            PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endfunction()

if(NATS_RS_SHARED)
    set(compat ${PROJECT_SOURCE_DIR}/compat)
    set(compat_sources ${compat}/functions.c ${compat}/libnats.c ${compat}/structures.c)
    libnats_compat(4 ${compat_sources})
    libnats_compat(7 ${compat_sources} ${compat}/services.c)
    libnats_compat(10 ${compat_sources})
    libnats_compat(12 ${compat_sources})
    libnats_compat(14 ${compat}/same.c)
endif()

# ---- files to build programs with ------------------------------------------------------------------------------------

# install_link(NAME TARGET DESTINATION): installs a symbolic link.
function(install_link name target destination)
    file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/compat-links)
    file(CREATE_LINK ${target} ${PROJECT_BINARY_DIR}/compat-links/${name} SYMBOLIC)
    install(FILES ${PROJECT_BINARY_DIR}/compat-links/${name} DESTINATION ${destination} COMPONENT compat)
endfunction()
if(NATS_RS_SHARED)
    install_link(libnats.so libnats_rs.so ${CMAKE_INSTALL_LIBDIR})
endif()
if(NATS_RS_STATIC)
    install_link(libnats_static.a libnats_rs.a ${CMAKE_INSTALL_LIBDIR})
endif()

# The installed shims have another path to the header than those of include/compat.
function(install_shim from to header)
    file(READ ${PROJECT_SOURCE_DIR}/include/compat/${from} shim)
    string(REGEX REPLACE "\"[^\"]*${header}\"" "\"${to}${header}\"" shim "${shim}")
    set(file ${PROJECT_BINARY_DIR}/compat-include/${from})
    file(WRITE ${file}.new "${shim}")
    configure_file(${file}.new ${file} COPYONLY)
    get_filename_component(directory ${from} DIRECTORY)
    install(FILES ${file} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${directory} COMPONENT compat)
endfunction()
install_shim(nats.h "" nats_rs.h)
install_shim(nats/nats.h ../ nats.h)
install_shim(nats/status.h "" nats.h)
install_shim(nats/version.h "" nats.h)
install_shim(nats/adapters/libuv.h ../../nats_rs/adapters/ libuv.h)
install_shim(nats/adapters/libevent.h ../../nats_rs/adapters/ libevent.h)

set(CNATS_CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/cnats)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/cnats-config.cmake.in ${PROJECT_BINARY_DIR}/cnats-config.cmake
    INSTALL_DESTINATION ${CNATS_CONFIG_DIR}
    PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cnats-config-version.cmake
    VERSION ${cnats_version} COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cnats-config.cmake ${PROJECT_BINARY_DIR}/cnats-config-version.cmake
        DESTINATION ${CNATS_CONFIG_DIR} COMPONENT compat)
set(pc_compat_libs -lnats)
if(NOT NATS_RS_SHARED)
    set(pc_compat_libs "-lnats_static ${pc_native_libs}")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/libnats.pc.in ${PROJECT_BINARY_DIR}/libnats.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/libnats.pc DESTINATION ${NATS_RS_PKGCONFIG_DIR} COMPONENT compat)
