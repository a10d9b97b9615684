# What `pip install .` puts into the wheel: the extension, libfloe and the shared libraries a slim system may lack
# (all beside each other, found through $ORIGIN), and the command in the environment's bin.
set_target_properties(floe PROPERTIES VERSION 0 SOVERSION 0 INSTALL_RPATH "$ORIGIN")
set_target_properties(floe_python PROPERTIES INSTALL_RPATH "$ORIGIN")
install(TARGETS floe LIBRARY DESTINATION floe COMPONENT python NAMELINK_SKIP)
install(TARGETS floe_python LIBRARY DESTINATION floe COMPONENT python)
install(FILES ${PROJECT_BINARY_DIR}/python/floe/_floe.pyi DESTINATION floe COMPONENT python)

install(CODE "set(floe_library \"$<TARGET_FILE:floe>\")\nset(dnnl_dir \"${dnnl_dir}\")" COMPONENT python)
install(CODE [[
  file(GET_RUNTIME_DEPENDENCIES LIBRARIES ${floe_library} DIRECTORIES ${dnnl_dir}
    RESOLVED_DEPENDENCIES_VAR found UNRESOLVED_DEPENDENCIES_VAR missing
    PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|dl|rt|pthread|gcc_s|stdc\\+\\+|z)\\.so")
  if(missing)
    message(FATAL_ERROR "Not found, but needed in the wheel: ${missing}")
  endif()
  foreach(file ${found})
    get_filename_component(name ${file} NAME)
    file(REAL_PATH ${file} real)
    message(STATUS "Bundling: ${name}")
    file(COPY_FILE ${real} ${CMAKE_INSTALL_PREFIX}/floe/${name})
  endforeach()
]] COMPONENT python)

if(TARGET floe_tool)
  find_package(Python REQUIRED COMPONENTS Interpreter)
  set(site lib/python${Python_VERSION_MAJOR}.${Python_VERSION_MINOR}/site-packages/floe)
  set_target_properties(floe_tool PROPERTIES INSTALL_RPATH "$ORIGIN/../${site};$ORIGIN/../floe")
  install(TARGETS floe_tool RUNTIME DESTINATION ${SKBUILD_SCRIPTS_DIR} COMPONENT python)
endif()
