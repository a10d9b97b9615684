# Compiler settings of the project's own targets, as an interface target instead of global flags.
add_library(floe_options INTERFACE)
target_compile_options(floe_options INTERFACE
  -Wall -Wextra -Wno-missing-field-initializers -Wno-restrict -fno-math-errno $<$<BOOL:${FLOE_WERROR}>:-Werror>)
target_include_directories(floe_options INTERFACE
  ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src ${PROJECT_BINARY_DIR}/generated)

find_program(FLOE_CCACHE ccache)
if(FLOE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${FLOE_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${FLOE_CCACHE})
endif()
find_program(FLOE_MOLD mold)
if(FLOE_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  add_link_options(-fuse-ld=mold)
endif()

# floe_room(name sources...): the object library of one room.
function(floe_room name)
  add_library(floe_${name} OBJECT ${ARGN})
  target_link_libraries(floe_${name} PRIVATE floe_options)
  set_property(GLOBAL APPEND PROPERTY FLOE_ROOMS floe_${name})
endfunction()

# floe_test(room files...): one test program per room, registered with CTest.
function(floe_test room)
  add_executable(test_${room} ${ARGN})
  target_link_libraries(test_${room} PRIVATE floe_options floe GTest::gtest GTest::gtest_main hwy)
  target_compile_definitions(test_${room} PRIVATE
    FLOE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" FLOE_TEST_DIR="${CMAKE_CURRENT_SOURCE_DIR}")
  add_test(NAME ${room} COMMAND test_${room})
endfunction()
