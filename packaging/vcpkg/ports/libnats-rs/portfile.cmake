# An overlay port of the sources that it lies in: vcpkg install libnats-rs --overlay-ports=packaging/vcpkg/ports
# Cargo and a Rust of the version in Cargo.toml have to be installed: vcpkg does not bring them.
get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../../../.." ABSOLUTE)

vcpkg_check_features(OUT_FEATURE_OPTIONS options FEATURES compat NATS_RS_INSTALL_COMPAT)
# BUILD_SHARED_LIBS is set as the triplet says. The profile is the same for both: Rust's part has no debug variant for C.
vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}" OPTIONS ${options})
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME nats_rs CONFIG_PATH lib/cmake/nats_rs DO_NOT_DELETE_PARENT_CONFIG_PATH)
if("compat" IN_LIST FEATURES)
    vcpkg_cmake_config_fixup(PACKAGE_NAME cnats CONFIG_PATH lib/cmake/cnats)
endif()
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share"
                    "${CURRENT_PACKAGES_DIR}/lib/cmake" "${CURRENT_PACKAGES_DIR}/debug/lib/cmake")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE" "${SOURCE_PATH}/packaging/THIRD-PARTY-LICENSES")
