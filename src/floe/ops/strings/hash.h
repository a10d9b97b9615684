// Hashes of strings that TensorFlow's buckets and fingerprints use.
#pragma once

#include <cstdint>
#include <string_view>

namespace floe {

/// FarmHash's Fingerprint64.
uint64_t fingerprint64(std::string_view s);
/// TensorFlow's older Hash64 (MurmurHash64A with a fixed seed).
uint64_t hash64(std::string_view s);
/// SipHash-2-4.
uint64_t sip_hash(uint64_t key0, uint64_t key1, std::string_view s);

}  // namespace floe
