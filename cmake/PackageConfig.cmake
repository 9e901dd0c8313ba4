# Read by cpack for each kind of package.
if(CPACK_GENERATOR STREQUAL "DEB")
    set(CPACK_COMPONENTS_ALL runtime dev)
    if(CPACK_NATS_RS_COMPAT)
        list(APPEND CPACK_COMPONENTS_ALL compat)
    endif()
endif()
