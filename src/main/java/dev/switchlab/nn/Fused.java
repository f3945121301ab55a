package dev.switchlab.nn;

import dev.switchlab.nn.kernel.Kernels;

/**
 * How a pass computes by the primitives of {@link dev.switchlab.nn.kernel} instead of by plain operators under
 * autograd.
 *
 * @param kernels what multiplies
 * @param tape where pieces leave their gradients; null at evaluation
 */
public record Fused(Kernels kernels, Tape tape) {}
