// Everything a program needs.
#pragma once

#include "floe/attr.h"
#include "floe/autodiff.h"
#include "floe/dtype.h"
#include "floe/error.h"
#include "floe/function.h"
#include "floe/gradient.h"
#include "floe/io.h"
#include "floe/op_call.h"
#include "floe/operators.h"
#include "floe/program.h"
#include "floe/session.h"
#include "floe/shape.h"
#include "floe/tensor.h"
#include "floe/variable.h"
