// What fitting needs: losses, metrics, optimizers and callbacks.
#pragma once
#include "lamina/callbacks.h"
#include "lamina/losses.h"
#include "lamina/metrics.h"
#include "lamina/optimizers.h"
