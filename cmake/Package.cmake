# Packages by cpack: Debian's, and an archive of the whole installation.
#
#   cmake -S . -B build -DCMAKE_INSTALL_PREFIX=/usr -DNATS_RS_INSTALL_COMPAT=ON && cmake --build build
#   cd build && cpack            # libnats-rs0, libnats-rs-dev and libnats-rs-compat, and a .tar.gz
#
# It must be configured for /usr: the names of Debian's folders depend on that.
set(NATS_RS_PACKAGE_MAINTAINER "libnats_rs packagers <packagers@libnats-rs.invalid>" CACHE STRING
    "The maintainer of the packages that cpack makes: Name <address>")

set(CPACK_GENERATOR TGZ)
find_program(NATS_RS_DPKG_DEB dpkg-deb)
mark_as_advanced(NATS_RS_DPKG_DEB)
if(NATS_RS_DPKG_DEB AND NATS_RS_SHARED)
    list(APPEND CPACK_GENERATOR DEB)
endif()
set(CPACK_PACKAGE_NAME libnats-rs)
set(CPACK_PACKAGE_VENDOR "libnats_rs")
set(CPACK_PACKAGE_CONTACT "${NATS_RS_PACKAGE_MAINTAINER}")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "NATS client for C with a Rust core")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGE_FILE_NAME libnats-rs-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_PACKAGE_CHECKSUM SHA256)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)
# The archive has all components in one tree, including the debug information.
set(CPACK_ARCHIVE_COMPONENT_INSTALL OFF)

# ---- Debian ------------------------------------------------------------------------------------------------------------

set(about "It connects to servers of the NATS message system, with JetStream, key-value
buckets, object stores and services, and has the interface of nats.c.")
set(package_version ${PROJECT_VERSION}-1)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${NATS_RS_PACKAGE_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${NATS_RS_STAGE})
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libnats-rs${NATS_RS_ABI_VERSION})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/triggers)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "NATS client for C with a Rust core (shared library)\n${about}")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libnats-rs-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libnats-rs${NATS_RS_ABI_VERSION} (= ${package_version}), libc6-dev")
set(CPACK_COMPONENT_DEV_DESCRIPTION "NATS client for C with a Rust core (development files)\n${about}

This package has the headers, the static library, and the files for CMake and
pkg-config.")

# It has the files of libnats-dev and the libraries of libnats3.N, and replaces those packages.
set(CPACK_DEBIAN_COMPAT_PACKAGE_NAME libnats-rs-compat)
set(CPACK_DEBIAN_COMPAT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_COMPAT_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_COMPAT_PACKAGE_DEPENDS "libnats-rs-dev (= ${package_version})")
set(CPACK_DEBIAN_COMPAT_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/triggers)
set(provided "libnats-dev (= ${cnats_version})")
set(replaced libnats-dev)
foreach(minor IN ITEMS 4 7 10 12 14)
    string(APPEND provided ", libnats3.${minor} (= 3.${minor}.99)")
    string(APPEND replaced ", libnats3.${minor}")
endforeach()
set(CPACK_DEBIAN_COMPAT_PACKAGE_PROVIDES "${provided}")
set(CPACK_DEBIAN_COMPAT_PACKAGE_CONFLICTS "${replaced}")
set(CPACK_DEBIAN_COMPAT_PACKAGE_REPLACES "${replaced}")
set(CPACK_COMPONENT_COMPAT_DESCRIPTION "NATS client for C with a Rust core (in the place of nats.c)\n${about}

Projects written for nats.c find it as if it were that library, and programs
that were linked with nats.c run on it.")

# cpack has one list of components for all kinds of packages; the script selects those of the Debian packages.
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/cmake/PackageConfig.cmake)
set(CPACK_NATS_RS_SOURCE_DIR ${PROJECT_SOURCE_DIR})
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/PackageDocs.cmake)
set(CPACK_NATS_RS_COMPAT ${NATS_RS_INSTALL_COMPAT})
include(CPack)
