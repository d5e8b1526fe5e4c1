// Everything in lamina's public interface.
#pragma once
#include "lamina/function.h"
#include "lamina/layers.h"
#include "lamina/layers_preprocessing.h"
#include "lamina/model.h"
#include "lamina/ops.h"
#include "lamina/ops_array.h"
#include "lamina/ops_image.h"
#include "lamina/ops_linalg.h"
#include "lamina/ops_math.h"
#include "lamina/ops_signal.h"
#include "lamina/ops_statistics.h"
#include "lamina/random_distributions.h"
