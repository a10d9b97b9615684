// Everything a program needs.
#pragma once

#include "floe/attr.h"
#include "floe/dtype.h"
#include "floe/error.h"
#include "floe/io.h"
#include "floe/op_call.h"
#include "floe/program.h"
#include "floe/shape.h"
#include "floe/tensor.h"
