"""A Conan 2 recipe for the sources that it lies in.

    conan create packaging/conan                          # the static library
    conan create packaging/conan -o "libnats-rs/*:shared=True"

Cargo and a Rust of the version in Cargo.toml have to be installed: Conan does not bring them.
"""

import os
import re

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load

SOURCES = ["CMakeLists.txt", "Cargo.toml", "Cargo.lock", "LICENSE", "build.rs", "cmake/*", "compat/*", "examples/*",
           "include/*", "packaging/*", "src/*"]


class LibnatsRs(ConanFile):
    name = "libnats-rs"
    description = "NATS client for C with a Rust core"
    license = "Apache-2.0"
    topics = ("nats", "messaging", "jetstream")
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "compat": [True, False]}
    default_options = {"shared": False, "compat": False}
    package_type = "library"
    languages = "C"

    def _root(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        cargo = load(self, os.path.join(self._root(), "Cargo.toml"))
        self.version = re.search(r'^version = "(.*)"', cargo, re.MULTILINE).group(1)

    def export_sources(self):
        for pattern in SOURCES:
            copy(self, pattern, self._root(), self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["NATS_RS_INSTALL_COMPAT"] = bool(self.options.compat)
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        cmake = CMake(self)
        cmake.install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "THIRD-PARTY-LICENSES", os.path.join(self.source_folder, "packaging"),
             os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        shared = bool(self.options.shared)
        self.cpp_info.set_property("cmake_file_name", "nats_rs")
        self.cpp_info.set_property("cmake_target_name", "nats_rs::shared" if shared else "nats_rs::static")
        self.cpp_info.set_property("cmake_target_aliases", ["nats_rs::nats_rs"])
        self.cpp_info.set_property("pkg_config_name", "nats_rs")
        self.cpp_info.libs = ["nats_rs"]
        if not shared:
            self.cpp_info.system_libs = ["gcc_s", "util", "rt", "pthread", "m", "dl", "c"]
