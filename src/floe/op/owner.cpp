#include "floe/op/owner.h"

namespace floe {

namespace {

thread_local std::string_view owner;

}  // namespace

KernelOwner::KernelOwner(std::string_view name) : before_(owner) { owner = name; }

KernelOwner::~KernelOwner() { owner = before_; }

std::string_view KernelOwner::current() { return owner; }

}  // namespace floe
