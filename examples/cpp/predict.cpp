// Loads a model, trained in Python or in C++, and predicts.
//
//   predict MODEL.safetensors INPUT.npy [OUTPUT]
//
// INPUT.npy: float32 or uint8, C order, as numpy.save writes it; the first axis counts the samples.
// OUTPUT receives the predictions as raw float32 values.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>

#include "lamina/lamina.h"

namespace {

// The value after 'key': in the header of an npy file, up to `end`.
std::string field(const std::string& header, const std::string& key, char end) {
  size_t at = header.find("'" + key + "':");
  if (at == std::string::npos) lamina::fail("npy: no '", key, "' in the header");
  at += key.size() + 3;
  size_t stop = header.find(end, at);
  if (stop == std::string::npos) lamina::fail("npy: a damaged header");
  return header.substr(at, stop - at);
}

lamina::Tensor read_npy(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) lamina::fail("cannot read '", path, "'");
  unsigned char head[12] = {};
  in.read(reinterpret_cast<char*>(head), 10);
  if (!in || std::memcmp(head, "\x93NUMPY", 6) != 0) lamina::fail(path, " is no npy file");
  size_t length = head[8] | head[9] << 8;
  if (head[6] > 1) {
    in.read(reinterpret_cast<char*>(head + 10), 2);
    length |= static_cast<size_t>(head[10]) << 16 | static_cast<size_t>(head[11]) << 24;
  }
  if (length > 65536) lamina::fail(path, ": the header is too long");
  std::string header(length, '\0');
  in.read(header.data(), static_cast<std::streamsize>(length));
  if (!in) lamina::fail(path, " is truncated");

  if (field(header, "fortran_order", ',').find("False") == std::string::npos)
    lamina::fail(path, ": expected C order");
  const std::string type = field(header, "descr", ',');
  std::string dims = field(header, "shape", ')');
  std::vector<int64_t> shape;
  int64_t count = 1;
  for (size_t i = 0; i < dims.size();) {
    if (dims[i] < '0' || dims[i] > '9') {
      ++i;
      continue;
    }
    size_t used = 0;
    shape.push_back(std::stoll(dims.substr(i), &used));
    i += used;
    if (shape.back() > (int64_t{1} << 31) || (count *= shape.back()) > (int64_t{1} << 31))
      lamina::fail(path, ": the array is too large");
  }
  std::vector<float> values(static_cast<size_t>(count));
  if (type.find("<f4") != std::string::npos) {
    in.read(reinterpret_cast<char*>(values.data()), count * 4);
  } else if (type.find("|u1") != std::string::npos) {
    std::vector<uint8_t> bytes(values.size());
    in.read(reinterpret_cast<char*>(bytes.data()), count);
    values.assign(bytes.begin(), bytes.end());
  } else {
    lamina::fail(path, ": expected float32 or uint8, received ", type);
  }
  if (!in) lamina::fail(path, " is truncated");
  return lamina::Tensor::from_vector(values, shape);
}

int run(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: predict MODEL.safetensors INPUT.npy [OUTPUT]\n";
    return 2;
  }
  lamina::ModelPtr model = lamina::load(argv[1], /*compile=*/false);
  const lamina::Tensor probabilities = model->predict(read_npy(argv[2]));
  const std::vector<float> values = probabilities.to_vector<float>();

  const int64_t samples = probabilities.dim(0),
                classes = probabilities.numel() / std::max<int64_t>(samples, 1);
  for (int64_t i = 0; i < std::min<int64_t>(samples, 10); ++i) {
    const float* row = values.data() + i * classes;
    const float* best = std::max_element(row, row + classes);
    std::cout << "sample " << i << ": class " << best - row << " (" << *best << ")\n";
  }
  if (samples > 10) std::cout << "and " << samples - 10 << " more\n";
  if (argc > 3) {
    std::ofstream out(argv[3], std::ios::binary);
    out.write(reinterpret_cast<const char*>(values.data()),
              static_cast<std::streamsize>(values.size() * 4));
    if (!out.flush()) lamina::fail("cannot write '", argv[3], "'");
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "predict: " << e.what() << '\n';
    return 1;
  }
}
