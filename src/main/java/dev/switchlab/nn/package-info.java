/**
 * The Switch Transformer as DJL blocks, time-major: (S, B, D) = (sequence, batch, d_model).
 *
 * <p>Shape letters: S sequence, B batch, D d_model, H heads, K features a head, F d_ff, N = S * B tokens, E experts, C expert
 * capacity, V vocabulary.
 *
 * <p>Two rules keep native memory and gradients right. Results attach to the manager of the <em>first</em> operand, so a
 * parameter or a constant never stands first. And the {@code mul/div/pow(Number)} overloads of DJL are not used here: they free
 * the scalar while autograd still holds it.
 */
package dev.switchlab.nn;
