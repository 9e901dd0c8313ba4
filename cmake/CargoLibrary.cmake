# Builds the library with cargo in NATS_RS_CARGO_TARGET_DIR, copies it to <build>/lib under the names of an installation,
# and defines imported targets for it.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)

# The system libraries that a program needs with the static library, as
# `cargo rustc --release -- --print native-static-libs` prints them.
set(NATS_RS_NATIVE_LIBS gcc_s util rt pthread m dl c)
set(NATS_RS_ABI_VERSION 0) # of the soname, as in build.rs

set(cargo_hints $ENV{HOME}/.cargo/bin)
if(DEFINED ENV{CARGO_HOME})
    list(INSERT cargo_hints 0 $ENV{CARGO_HOME}/bin)
endif()
if(DEFINED ENV{CARGO})
    set(NATS_RS_CARGO $ENV{CARGO} CACHE FILEPATH "The cargo that builds the library")
endif()
find_program(NATS_RS_CARGO cargo HINTS ${cargo_hints} DOC "The cargo that builds the library")
if(NOT NATS_RS_CARGO)
    message(FATAL_ERROR "cargo not found: install Rust (rustup), or set NATS_RS_CARGO")
endif()

set(cargo_target_dir ${PROJECT_BINARY_DIR}/cargo)
if(DEFINED ENV{NATS_RS_CARGO_TARGET_DIR}) # set by scripts/lib.sh, so that several tests share one build
    set(cargo_target_dir $ENV{NATS_RS_CARGO_TARGET_DIR})
endif()
set(NATS_RS_CARGO_TARGET_DIR ${cargo_target_dir} CACHE PATH "Where cargo builds")

include(cmake/RustTarget.cmake)
set(cargo_output ${NATS_RS_CARGO_TARGET_DIR})
if(rust_target)
    string(APPEND cargo_output /${rust_target})
endif()
if(NATS_RS_CARGO_PROFILE STREQUAL "dev")
    string(APPEND cargo_output /debug)
else()
    string(APPEND cargo_output /${NATS_RS_CARGO_PROFILE})
endif()
check_c_compiler_flag(-ffile-prefix-map=/a=/b NATS_RS_HAVE_PREFIX_MAP)

set(NATS_RS_STAGE ${PROJECT_BINARY_DIR}/lib)
set(NATS_RS_SHARED_FILE libnats_rs.so.${PROJECT_VERSION})
set(NATS_RS_SHARED_SONAME libnats_rs.so.${NATS_RS_ABI_VERSION})
file(MAKE_DIRECTORY ${NATS_RS_STAGE})

# Without BUILD_SHARED_LIBS both libraries are installed, with it only the one that it selects.
set(NATS_RS_SHARED ON)
set(NATS_RS_STATIC ON)
if(DEFINED BUILD_SHARED_LIBS)
    if(BUILD_SHARED_LIBS)
        set(NATS_RS_STATIC OFF)
    else()
        set(NATS_RS_SHARED OFF)
    endif()
endif()
set(stage_shared
    COMMAND ${CMAKE_COMMAND} -E copy_if_different ${cargo_output}/libnats_rs.so
            ${NATS_RS_STAGE}/${NATS_RS_SHARED_FILE}
    COMMAND ${CMAKE_COMMAND} -E create_symlink ${NATS_RS_SHARED_FILE} ${NATS_RS_STAGE}/${NATS_RS_SHARED_SONAME}
    COMMAND ${CMAKE_COMMAND} -E create_symlink ${NATS_RS_SHARED_SONAME} ${NATS_RS_STAGE}/libnats_rs.so)
set(staged ${NATS_RS_STAGE}/${NATS_RS_SHARED_FILE} ${NATS_RS_STAGE}/libnats_rs.a)
set(rust_built ${rust_target})
if(NOT rust_built)
    set(rust_built ${rust_host})
endif()
if(rust_built MATCHES "-musl")
    # For musl, Rust links programs statically and builds no shared libraries.
    if(BUILD_SHARED_LIBS)
        message(FATAL_ERROR "BUILD_SHARED_LIBS: there is no shared library for musl, only the static one")
    endif()
    set(NATS_RS_SHARED OFF)
    set(stage_shared)
    set(staged ${NATS_RS_STAGE}/libnats_rs.a)
    # What unwinds the stack: the C compiler's library, if that is one for musl (Debian's musl-gcc has only the one for
    # glibc); otherwise Rust's, which is then installed as well.
    set(CMAKE_REQUIRED_LINK_OPTIONS -static)
    set(CMAKE_REQUIRED_LIBRARIES gcc_eh)
    check_c_source_compiles("
        extern int _Unwind_Backtrace(void *, void *);
        int main(void) { return _Unwind_Backtrace((void *)main, 0); }" NATS_RS_HAVE_GCC_EH)
    unset(CMAKE_REQUIRED_LINK_OPTIONS)
    unset(CMAKE_REQUIRED_LIBRARIES)
    if(NATS_RS_HAVE_GCC_EH)
        set(NATS_RS_NATIVE_LIBS gcc_eh c)
    else()
        execute_process(COMMAND ${rustc} --print target-libdir --target ${rust_built} OUTPUT_VARIABLE libdir
                        OUTPUT_STRIP_TRAILING_WHITESPACE)
        set(unwind ${libdir}/self-contained/libunwind.a)
        if(NOT EXISTS ${unwind})
            message(FATAL_ERROR "Nothing to unwind the stack with: neither the C compiler's libgcc_eh.a, which needs to be "
                                "made for musl, nor Rust's ${unwind}")
        endif()
        set(NATS_RS_UNWIND ${NATS_RS_STAGE}/libnats_rs_unwind.a)
        configure_file(${unwind} ${NATS_RS_UNWIND} COPYONLY)
        set(NATS_RS_NATIVE_LIBS nats_rs_unwind c)
    endif()
endif()

# Always run, because cargo determines what is out of date. Files that have not changed are not copied, and programs are
# not linked again.
add_custom_target(nats_rs_cargo ALL
    COMMAND ${CMAKE_COMMAND} -DCARGO=${NATS_RS_CARGO} -DPROFILE=${NATS_RS_CARGO_PROFILE}
            -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DTARGET_DIR=${NATS_RS_CARGO_TARGET_DIR} -DRUST_TARGET=${rust_target}
            -DCC=${CMAKE_C_COMPILER} -DAR=${CMAKE_AR} -DPREFIX_MAP=${NATS_RS_HAVE_PREFIX_MAP}
            -P ${PROJECT_SOURCE_DIR}/cmake/CargoBuild.cmake
    ${stage_shared}
    COMMAND ${CMAKE_COMMAND} -E copy_if_different ${cargo_output}/libnats_rs.a ${NATS_RS_STAGE}/libnats_rs.a
    BYPRODUCTS ${staged}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    COMMENT "Building libnats_rs with cargo (${NATS_RS_CARGO_PROFILE})"
    USES_TERMINAL
    VERBATIM)

if(stage_shared)
    add_library(nats_rs::shared SHARED IMPORTED GLOBAL)
    set_target_properties(nats_rs::shared PROPERTIES
        IMPORTED_LOCATION ${NATS_RS_STAGE}/${NATS_RS_SHARED_FILE}
        IMPORTED_SONAME ${NATS_RS_SHARED_SONAME}
        INTERFACE_INCLUDE_DIRECTORIES ${PROJECT_SOURCE_DIR}/include)
    add_dependencies(nats_rs::shared nats_rs_cargo)
endif()

add_library(nats_rs::static STATIC IMPORTED GLOBAL)
set_target_properties(nats_rs::static PROPERTIES
    IMPORTED_LOCATION ${NATS_RS_STAGE}/libnats_rs.a
    INTERFACE_LINK_LIBRARIES "${NATS_RS_NATIVE_LIBS}"
    INTERFACE_LINK_DIRECTORIES ${NATS_RS_STAGE}
    INTERFACE_INCLUDE_DIRECTORIES ${PROJECT_SOURCE_DIR}/include)
add_dependencies(nats_rs::static nats_rs_cargo)

add_library(nats_rs::compat INTERFACE IMPORTED GLOBAL)
set_target_properties(nats_rs::compat PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${PROJECT_SOURCE_DIR}/include/compat)

# The library that BUILD_SHARED_LIBS selects; without it, the shared one.
add_library(nats_rs::nats_rs INTERFACE IMPORTED GLOBAL)
if(NATS_RS_SHARED)
    set_target_properties(nats_rs::nats_rs PROPERTIES INTERFACE_LINK_LIBRARIES nats_rs::shared)
else()
    set_target_properties(nats_rs::nats_rs PROPERTIES INTERFACE_LINK_LIBRARIES nats_rs::static)
endif()
