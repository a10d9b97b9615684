// Memory for buffers: 64-byte aligned, recycled by size class.
#pragma once

#include <cstddef>

namespace floe {

constexpr size_t kAlignment = 64;

/// At least `size` bytes. Throws ResourceExhausted when there is no memory.
void* allocate_bytes(size_t size);
/// `size` must be what was asked for.
void free_bytes(void* p, size_t size);
/// Gives cached memory back to the system.
void release_cached_memory();

}  // namespace floe
