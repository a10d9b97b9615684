#include "floe/error.h"

namespace floe {

void throw_error(Code code, const std::string& m) {
  switch (code) {
#define FLOE_CASE(C) \
  case Code::C:      \
    throw ErrorOf<Code::C>(m)
    FLOE_CASE(kCancelled);
    FLOE_CASE(kUnknown);
    FLOE_CASE(kInvalidArgument);
    FLOE_CASE(kDeadlineExceeded);
    FLOE_CASE(kNotFound);
    FLOE_CASE(kAlreadyExists);
    FLOE_CASE(kPermissionDenied);
    FLOE_CASE(kResourceExhausted);
    FLOE_CASE(kFailedPrecondition);
    FLOE_CASE(kAborted);
    FLOE_CASE(kOutOfRange);
    FLOE_CASE(kUnimplemented);
    FLOE_CASE(kInternal);
    FLOE_CASE(kUnavailable);
    FLOE_CASE(kDataLoss);
    FLOE_CASE(kUnauthenticated);
#undef FLOE_CASE
  }
  throw Error(code, m);
}

const char* code_name(Code code) {
  switch (code) {
    case Code::kCancelled:
      return "CANCELLED";
    case Code::kUnknown:
      return "UNKNOWN";
    case Code::kInvalidArgument:
      return "INVALID_ARGUMENT";
    case Code::kDeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case Code::kNotFound:
      return "NOT_FOUND";
    case Code::kAlreadyExists:
      return "ALREADY_EXISTS";
    case Code::kPermissionDenied:
      return "PERMISSION_DENIED";
    case Code::kResourceExhausted:
      return "RESOURCE_EXHAUSTED";
    case Code::kFailedPrecondition:
      return "FAILED_PRECONDITION";
    case Code::kAborted:
      return "ABORTED";
    case Code::kOutOfRange:
      return "OUT_OF_RANGE";
    case Code::kUnimplemented:
      return "UNIMPLEMENTED";
    case Code::kInternal:
      return "INTERNAL";
    case Code::kUnavailable:
      return "UNAVAILABLE";
    case Code::kDataLoss:
      return "DATA_LOSS";
    case Code::kUnauthenticated:
      return "UNAUTHENTICATED";
  }
  return "UNKNOWN";
}

}  // namespace floe
