// Reading inputs and writing results: NumPy's .npy files and pictures.
#pragma once

#include <string>

#include "floe/tensor.h"

namespace floe {

/// An array from a .npy file (versions 1 to 3, any plain element type, C or Fortran order, either byte
/// order). NotFound, DataLoss and Unimplemented name the file.
Tensor read_npy(const std::string& path);

/// Writes a .npy file; an existing file is replaced at once or not at all.
void write_npy(const std::string& path, const Tensor& t);

/// A picture (JPEG, PNG, BMP or GIF) as uint8 [height, width, channels]; channels 0 keeps the file's own.
Tensor read_image(const std::string& path, int channels = 0);

}  // namespace floe
