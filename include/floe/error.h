// Error classes. Every failure a user can cause is one of these; the library never prints and never
// ends the process. The codes and names are TensorFlow's (tf.errors).
#pragma once

#include <stdexcept>
#include <string>

namespace floe {

enum class Code : int {
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

/// Base of all Floe errors. `what()` is the whole text for the user.
class Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Code code() const { return code_; }

 private:
  Code code_;
};

/// One class per code, so that callers can catch what they can handle.
template <Code C>
class ErrorOf : public Error {
 public:
  explicit ErrorOf(const std::string& message) : Error(C, message) {}
};

using InvalidArgument = ErrorOf<Code::kInvalidArgument>;
using NotFound = ErrorOf<Code::kNotFound>;
using AlreadyExists = ErrorOf<Code::kAlreadyExists>;
using PermissionDenied = ErrorOf<Code::kPermissionDenied>;
using ResourceExhausted = ErrorOf<Code::kResourceExhausted>;
using FailedPrecondition = ErrorOf<Code::kFailedPrecondition>;
using OutOfRange = ErrorOf<Code::kOutOfRange>;
using Unimplemented = ErrorOf<Code::kUnimplemented>;
/// A bug of Floe's own, never the user's doing.
using Internal = ErrorOf<Code::kInternal>;
using Unavailable = ErrorOf<Code::kUnavailable>;
/// A damaged file.
using DataLoss = ErrorOf<Code::kDataLoss>;
using Cancelled = ErrorOf<Code::kCancelled>;
using Aborted = ErrorOf<Code::kAborted>;

/// Throws the class that belongs to `code`.
[[noreturn]] void throw_error(Code code, const std::string& message);

/// TensorFlow's name of a code, e.g. "INVALID_ARGUMENT".
const char* code_name(Code code);

}  // namespace floe
