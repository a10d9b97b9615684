# make install: headers, library (with oneDNN beside it), command, CMake package.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set_target_properties(floe PROPERTIES INSTALL_RPATH "$ORIGIN")
install(TARGETS floe EXPORT FloeTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/floe ${PROJECT_BINARY_DIR}/generated/include/floe DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET floe_tool)
  set_target_properties(floe_tool PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  install(TARGETS floe_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

get_target_property(dnnl_file DNNL::dnnl IMPORTED_LOCATION_RELEASE)
if(NOT dnnl_file)
  get_target_property(dnnl_file DNNL::dnnl LOCATION)
endif()
get_filename_component(dnnl_dir ${dnnl_file} DIRECTORY)
install(FILES ${dnnl_dir}/libdnnl.so.3 DESTINATION ${CMAKE_INSTALL_LIBDIR})

install(EXPORT FloeTargets NAMESPACE Floe:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Floe)
configure_package_config_file(cmake/FloeConfig.cmake.in ${PROJECT_BINARY_DIR}/FloeConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Floe)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/FloeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/FloeConfig.cmake ${PROJECT_BINARY_DIR}/FloeConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Floe)
