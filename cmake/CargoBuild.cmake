# Builds the library: cmake -P CargoBuild.cmake, run by the target nats_rs_cargo with
#   -DCARGO=, -DPROFILE=, -DSOURCE_DIR=, -DTARGET_DIR=
#   -DRUST_TARGET=, -DCC=, -DAR=   when cross-compiling; otherwise empty
#   -DPREFIX_MAP=ON                if the C compiler knows -ffile-prefix-map
#
# Builds of the same sources with the same compilers in different folders give the same libraries: the names of the
# folders are replaced in the compilers' output. Debuggers therefore look for the sources in /usr/src/nats_rs.
cmake_minimum_required(VERSION 3.16)

if(DEFINED ENV{CARGO_HOME})
    set(cargo_home $ENV{CARGO_HOME})
else()
    set(cargo_home $ENV{HOME}/.cargo)
endif()

# The folders of downloaded crates are named after their registry. The crates are downloaded before the flags are
# determined, so that the first build has the same flags as later ones.
execute_process(COMMAND ${CARGO} fetch --locked --quiet --manifest-path ${SOURCE_DIR}/Cargo.toml RESULT_VARIABLE result)
if(result)
    message(FATAL_ERROR "cargo cannot fetch the crates that Cargo.lock names")
endif()
file(GLOB registries ${cargo_home}/registry/src/*)

set(rust_flags)
set(c_flags)
macro(remap from to)
    list(APPEND rust_flags --remap-path-prefix=${from}=${to})
    list(APPEND c_flags -ffile-prefix-map=${from}=${to})
endmacro()
# If several prefixes match a path, the compilers use the last one.
remap(${SOURCE_DIR} /usr/src/nats_rs)
remap(${TARGET_DIR} /usr/src/nats_rs/target)
remap(${cargo_home} /usr/src/cargo)
foreach(registry IN LISTS registries)
    remap(${registry} /usr/src/cargo)
endforeach()

# The user's flags are kept. Cargo merges --config with its configuration files, but not with the environment.
set(config)
string(ASCII 31 separator)
list(JOIN rust_flags ${separator} encoded)
list(JOIN rust_flags "\", \"" listed)
if(DEFINED ENV{CARGO_ENCODED_RUSTFLAGS})
    set(ENV{CARGO_ENCODED_RUSTFLAGS} "$ENV{CARGO_ENCODED_RUSTFLAGS}${separator}${encoded}")
elseif(DEFINED ENV{RUSTFLAGS})
    string(REGEX REPLACE " +" "${separator}" given "$ENV{RUSTFLAGS}")
    set(ENV{CARGO_ENCODED_RUSTFLAGS} "${given}${separator}${encoded}")
else()
    set(config --config "build.rustflags=[\"${listed}\"]")
endif()
if(PREFIX_MAP)
    list(JOIN c_flags " " c_flags)
    set(ENV{CFLAGS} "$ENV{CFLAGS} ${c_flags}")
endif()

set(arguments)
if(RUST_TARGET)
    set(arguments --target ${RUST_TARGET})
    string(REPLACE "-" "_" name ${RUST_TARGET})
    string(TOUPPER ${name} upper)
    set(ENV{CARGO_TARGET_${upper}_LINKER} ${CC})
    set(ENV{CC_${name}} ${CC})
    set(ENV{AR_${name}} ${AR})
endif()

execute_process(COMMAND ${CARGO} ${config} build --lib --locked --profile ${PROFILE} ${arguments}
                        --manifest-path ${SOURCE_DIR}/Cargo.toml --target-dir ${TARGET_DIR}
                WORKING_DIRECTORY ${SOURCE_DIR} RESULT_VARIABLE result)
if(result)
    message(FATAL_ERROR "cargo failed")
endif()
