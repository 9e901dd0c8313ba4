# The library: built by cargo into target/, copied from there to <build>/lib under the names that it is installed with,
# and described by imported targets.

# The system libraries that Rust's standard library needs where it is linked statically: what
# `cargo rustc --release -- --print native-static-libs` prints.
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

if(NATS_RS_CARGO_PROFILE STREQUAL "dev")
    set(cargo_output ${PROJECT_SOURCE_DIR}/target/debug)
else()
    set(cargo_output ${PROJECT_SOURCE_DIR}/target/${NATS_RS_CARGO_PROFILE})
endif()

set(NATS_RS_STAGE ${PROJECT_BINARY_DIR}/lib)
set(NATS_RS_SHARED_FILE libnats_rs.so.${PROJECT_VERSION})
set(NATS_RS_SHARED_SONAME libnats_rs.so.${NATS_RS_ABI_VERSION})
file(MAKE_DIRECTORY ${NATS_RS_STAGE})

# Always run: cargo knows what is out of date. Nothing is copied, so nothing relinked, where nothing changed.
add_custom_target(nats_rs_cargo ALL
    COMMAND ${NATS_RS_CARGO} build --lib
            --profile ${NATS_RS_CARGO_PROFILE} --manifest-path ${PROJECT_SOURCE_DIR}/Cargo.toml
            --target-dir ${PROJECT_SOURCE_DIR}/target
    COMMAND ${CMAKE_COMMAND} -E copy_if_different ${cargo_output}/libnats_rs.so
            ${NATS_RS_STAGE}/${NATS_RS_SHARED_FILE}
    COMMAND ${CMAKE_COMMAND} -E create_symlink ${NATS_RS_SHARED_FILE} ${NATS_RS_STAGE}/${NATS_RS_SHARED_SONAME}
    COMMAND ${CMAKE_COMMAND} -E create_symlink ${NATS_RS_SHARED_SONAME} ${NATS_RS_STAGE}/libnats_rs.so
    COMMAND ${CMAKE_COMMAND} -E copy_if_different ${cargo_output}/libnats_rs.a ${NATS_RS_STAGE}/libnats_rs.a
    BYPRODUCTS ${NATS_RS_STAGE}/${NATS_RS_SHARED_FILE} ${NATS_RS_STAGE}/libnats_rs.a
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    COMMENT "Building libnats_rs with cargo (${NATS_RS_CARGO_PROFILE})"
    USES_TERMINAL
    VERBATIM)

add_library(nats_rs::shared SHARED IMPORTED GLOBAL)
set_target_properties(nats_rs::shared PROPERTIES
    IMPORTED_LOCATION ${NATS_RS_STAGE}/${NATS_RS_SHARED_FILE}
    IMPORTED_SONAME ${NATS_RS_SHARED_SONAME}
    INTERFACE_INCLUDE_DIRECTORIES ${PROJECT_SOURCE_DIR}/include)
add_dependencies(nats_rs::shared nats_rs_cargo)

add_library(nats_rs::static STATIC IMPORTED GLOBAL)
set_target_properties(nats_rs::static PROPERTIES
    IMPORTED_LOCATION ${NATS_RS_STAGE}/libnats_rs.a
    INTERFACE_LINK_LIBRARIES "${NATS_RS_NATIVE_LIBS}"
    INTERFACE_INCLUDE_DIRECTORIES ${PROJECT_SOURCE_DIR}/include)
add_dependencies(nats_rs::static nats_rs_cargo)

add_library(nats_rs::compat INTERFACE IMPORTED GLOBAL)
set_target_properties(nats_rs::compat PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${PROJECT_SOURCE_DIR}/include/compat)
