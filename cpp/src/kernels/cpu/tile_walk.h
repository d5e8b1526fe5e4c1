// How rows of a panel are shared out to register tiles, whatever multiplies in them.
#pragma once
#include <utility>

#include "kernels/cpu/tile.h"

namespace lamina::LAMINA_ISA {
namespace {

template <class T>
using TileFunction = void (*)(const RegisterTile<T>&);

template <class Tile, class T, int V, Left kLeft, int... R>
TileFunction<T> pick_rows(int64_t rows, std::integer_sequence<int, R...>) {
  static constexpr TileFunction<T> kTiles[] = {Tile::template multiply<R + 1, V, kLeft>...};
  return kTiles[rows - 1];
}
template <class Tile, class T, Left kLeft, int... V>
TileFunction<T> pick_tile(int64_t rows, int64_t vectors, std::integer_sequence<int, V...>) {
  TileFunction<T> tile = nullptr;
  ((vectors == V + 1 ? void(tile = pick_rows<Tile, T, V + 1, kLeft>(
                                rows, std::make_integer_sequence<int, tile_rows_of<T>(V + 1)>()))
                     : void()),
   ...);
  return tile;
}

// Tile::multiply<R, V, left> does R rows of V vectors.
template <class Tile, class T>
void rows_of_tiles(Left left, int64_t rows, RegisterTile<T> t) {
  constexpr int64_t n = kVectorLength<T>;
  constexpr auto all = std::make_integer_sequence<int, kPanelVectors>();
  const int64_t vectors = (t.width + n - 1) / n, most = tile_rows_of<T>(static_cast<int>(vectors));
  // One tall tile for each half reads the panel only once.
  if (rows > most && rows <= tile_rows_of<T>(2)) {
    RegisterTile<T> half = t;
    half.width = 2 * n;
    rows_of_tiles<Tile>(left, rows, half);
    t.b += 2 * n, t.c += 2 * n, t.width -= 2 * n;
    if (t.bias) t.bias += 2 * n;
    return rows_of_tiles<Tile>(left, rows, t);
  }
  const int64_t tiles = (rows + most - 1) / most;
  for (int64_t i = 0, done = 0; i < tiles; ++i) {
    const int64_t next = rows * (i + 1) / tiles, height = next - done;
    (left == Left::kRows ? pick_tile<Tile, T, Left::kRows>(height, vectors, all)
                         : pick_tile<Tile, T, Left::kColumns>(height, vectors, all))(t);
    t.a += height * (left == Left::kRows ? t.stride : 1);
    t.c += height * t.ldc;
    done = next;
  }
}

}  // namespace
}  // namespace lamina::LAMINA_ISA
