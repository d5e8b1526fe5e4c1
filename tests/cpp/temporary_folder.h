// A directory of one test case alone, so that runs beside each other do not meet.
#pragma once
#include <filesystem>
#include <random>
#include <string>

// Empty at first, gone afterwards.
struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder()
      : path(std::filesystem::temp_directory_path() /
             ("lamina_test_" + std::to_string(std::random_device{}()))) {
    std::filesystem::create_directories(path);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};
