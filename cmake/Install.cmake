# `cmake --install` installs:
#   include/nats_rs.h
#   include/nats_rs.hpp, include/nats_rs/cpp/*.hpp: the C++ interface, for the same targets
#   include/nats_rs/adapters/libuv.h, include/nats_rs/adapters/libevent.h
#   include/nats_rs/compat/nats.h, include/nats_rs/compat/nats/{nats,status,version}.h, adapters/*.h beside each of the two
#   lib/libnats_rs.so -> libnats_rs.so.0 -> libnats_rs.so.0.1.0, lib/libnats_rs.a
#   lib/libnats_rs_unwind.a, if the static library needs it (for musl, in CargoLibrary.cmake)
#   lib/.debug/libnats_rs.so.0.1.0.debug
#   lib/cmake/nats_rs/nats_rs-config.cmake and its version file, lib/pkgconfig/nats_rs.pc
#   share/licenses/nats_rs: the licences of the library and of the crates in it
# Its components: runtime (libnats_rs.so.0 and the file), dev, debug, licenses; and compat, which is in Compat.cmake.
include(CMakePackageConfigHelpers)

set(NATS_RS_COMPAT_DIR ${CMAKE_INSTALL_INCLUDEDIR}/nats_rs/compat)
set(NATS_RS_CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/nats_rs)
set(NATS_RS_PKGCONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(FILES ${PROJECT_SOURCE_DIR}/include/nats_rs.h ${PROJECT_SOURCE_DIR}/include/nats_rs.hpp
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/nats_rs/cpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nats_rs
        COMPONENT dev FILES_MATCHING PATTERN *.hpp)

# The shims include the header by a relative path, so that a program needs no other directory in its include path than
# theirs. The installed ones are one directory deeper than those of the sources.
file(READ ${PROJECT_SOURCE_DIR}/include/compat/nats.h shim)
string(REPLACE "\"../nats_rs.h\"" "\"../../nats_rs.h\"" shim "${shim}")
file(WRITE ${PROJECT_BINARY_DIR}/compat/nats.h "${shim}")
install(FILES ${PROJECT_BINARY_DIR}/compat/nats.h DESTINATION ${NATS_RS_COMPAT_DIR} COMPONENT dev)
foreach(header IN ITEMS nats.h status.h version.h)
    install(FILES ${PROJECT_SOURCE_DIR}/include/compat/nats/${header} DESTINATION ${NATS_RS_COMPAT_DIR}/nats COMPONENT dev)
endforeach()

# The adapters for event loops, with shims of both kinds: nats.c had them beside <nats.h> before it had <nats/nats.h>.
foreach(adapter IN ITEMS libuv.h libevent.h)
    install(FILES ${PROJECT_SOURCE_DIR}/include/nats_rs/adapters/${adapter}
            DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nats_rs/adapters COMPONENT dev)
    foreach(directory IN ITEMS adapters nats/adapters)
        file(READ ${PROJECT_SOURCE_DIR}/include/compat/${directory}/${adapter} shim)
        string(REPLACE "../nats_rs/adapters/" "../adapters/" shim "${shim}")
        file(WRITE ${PROJECT_BINARY_DIR}/compat/${directory}/${adapter} "${shim}")
        install(FILES ${PROJECT_BINARY_DIR}/compat/${directory}/${adapter} DESTINATION ${NATS_RS_COMPAT_DIR}/${directory} COMPONENT dev)
    endforeach()
endforeach()

# ---- the libraries, without what only debuggers read: that goes into a file of its own, which they find ----------------

set(NATS_RS_PACKED ${PROJECT_BINARY_DIR}/packed)
set(NATS_RS_DEBUG_FILE ${NATS_RS_SHARED_FILE}.debug)
file(MAKE_DIRECTORY ${NATS_RS_PACKED})
set(packed)
if(NATS_RS_SHARED AND CMAKE_OBJCOPY)
    set(packed_shared ${NATS_RS_PACKED}/${NATS_RS_SHARED_FILE})
    add_custom_command(OUTPUT ${packed_shared} ${NATS_RS_PACKED}/${NATS_RS_DEBUG_FILE}
        COMMAND ${CMAKE_OBJCOPY} --only-keep-debug ${NATS_RS_STAGE}/${NATS_RS_SHARED_FILE} ${NATS_RS_DEBUG_FILE}
        COMMAND ${CMAKE_OBJCOPY} --strip-unneeded --remove-section=.comment --add-gnu-debuglink=${NATS_RS_DEBUG_FILE}
                ${NATS_RS_STAGE}/${NATS_RS_SHARED_FILE} ${NATS_RS_SHARED_FILE}
        DEPENDS nats_rs_cargo ${NATS_RS_STAGE}/${NATS_RS_SHARED_FILE}
        WORKING_DIRECTORY ${NATS_RS_PACKED}
        COMMENT "Separating what debuggers read"
        VERBATIM)
    list(APPEND packed ${packed_shared})
    install(FILES ${NATS_RS_PACKED}/${NATS_RS_DEBUG_FILE} DESTINATION ${CMAKE_INSTALL_LIBDIR}/.debug COMPONENT debug)
else()
    set(packed_shared ${NATS_RS_STAGE}/${NATS_RS_SHARED_FILE})
endif()
if(NATS_RS_STATIC AND CMAKE_OBJCOPY)
    set(packed_static ${NATS_RS_PACKED}/libnats_rs.a)
    add_custom_command(OUTPUT ${packed_static}
        COMMAND ${CMAKE_OBJCOPY} --strip-debug ${NATS_RS_STAGE}/libnats_rs.a ${packed_static}
        DEPENDS nats_rs_cargo ${NATS_RS_STAGE}/libnats_rs.a
        VERBATIM)
    list(APPEND packed ${packed_static})
else()
    set(packed_static ${NATS_RS_STAGE}/libnats_rs.a)
endif()
add_custom_target(nats_rs_packed ALL DEPENDS ${packed})
add_dependencies(nats_rs_packed nats_rs_cargo)

if(NATS_RS_SHARED)
    install(FILES ${packed_shared} ${NATS_RS_STAGE}/${NATS_RS_SHARED_SONAME} DESTINATION ${CMAKE_INSTALL_LIBDIR}
            COMPONENT runtime)
    install(FILES ${NATS_RS_STAGE}/libnats_rs.so DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
endif()
if(NATS_RS_STATIC)
    install(FILES ${packed_static} ${NATS_RS_UNWIND} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/packaging/THIRD-PARTY-LICENSES
        DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/nats_rs COMPONENT licenses)

# ---- what finds them ---------------------------------------------------------------------------------------------------

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/nats_rs-config.cmake.in
    ${PROJECT_BINARY_DIR}/nats_rs-config.cmake
    INSTALL_DESTINATION ${NATS_RS_CONFIG_DIR}
    PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR NATS_RS_COMPAT_DIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nats_rs-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nats_rs-config.cmake ${PROJECT_BINARY_DIR}/nats_rs-config-version.cmake
        DESTINATION ${NATS_RS_CONFIG_DIR} COMPONENT dev)

# Paths in the .pc file start where the file itself lies, so that an installed tree can be moved.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    set(pc_prefix ${CMAKE_INSTALL_PREFIX})
    set(pc_libdir ${CMAKE_INSTALL_LIBDIR})
else()
    file(RELATIVE_PATH to_prefix /prefix/${NATS_RS_PKGCONFIG_DIR} /prefix)
    string(REGEX REPLACE "/$" "" to_prefix "${to_prefix}")
    set(pc_prefix "\${pcfiledir}/${to_prefix}")
    set(pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
    set(pc_includedir ${CMAKE_INSTALL_INCLUDEDIR})
else()
    set(pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
string(REGEX REPLACE "([^;]+)" "-l\\1" pc_native_libs "${NATS_RS_NATIVE_LIBS}")
string(REPLACE ";" " " pc_native_libs "${pc_native_libs}")
set(pc_libs -lnats_rs)
if(NOT NATS_RS_SHARED)
    set(pc_libs "-lnats_rs ${pc_native_libs}")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/nats_rs.pc.in ${PROJECT_BINARY_DIR}/nats_rs.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/nats_rs.pc DESTINATION ${NATS_RS_PKGCONFIG_DIR} COMPONENT dev)
