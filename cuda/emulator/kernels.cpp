// All kernels, compiled for the host: the folder that they lie in is given to the compiler.
#include "add.cu"
#include "copyrows.cu"
#include "glu.cu"
#include "half.cu"
#include "rmsnorm.cu"
#include "rope.cu"
#include "adamw.cu"
#include "attention.cu"
#include "attention_backward.cu"
#include "head.cu"
#include "matmul.cu"

#define WEIGHT F32
#include "linear.cu"
#undef WEIGHT
#define WEIGHT F16
#include "linear.cu"
#undef WEIGHT
#define WEIGHT BF16
#include "linear.cu"
#undef WEIGHT
#define WEIGHT Q4_0
#include "linear.cu"
#undef WEIGHT
#define WEIGHT Q4_1
#include "linear.cu"
#undef WEIGHT
#define WEIGHT Q5_0
#include "linear.cu"
#undef WEIGHT
#define WEIGHT Q5_1
#include "linear.cu"
#undef WEIGHT
#define WEIGHT Q8_0
#include "linear.cu"
#undef WEIGHT
#define WEIGHT Q4_K
#include "linear.cu"
#undef WEIGHT
#define WEIGHT Q5_K
#include "linear.cu"
#undef WEIGHT
#define WEIGHT Q6_K
#include "linear.cu"
#undef WEIGHT
