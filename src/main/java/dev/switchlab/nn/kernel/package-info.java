/**
 * The few fused primitives: what libtorch does in one call, or what is differentiated by hand, for speed. Each stands
 * beside its plain form, whose values and gradients it has to give. Shape letters are those of
 * {@link dev.switchlab.nn}.
 */
package dev.switchlab.nn.kernel;
