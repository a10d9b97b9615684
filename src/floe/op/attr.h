// Attribute values, as the public headers have them.
#pragma once

#include "floe/attr.h"
