/**
 * The Switch Transformer as DJL blocks, time-major: (S, B, D) = (sequence, batch, d_model).
 *
 * <p>Shape letters, one meaning each in the whole project: S positions of a sequence, B sequences in a batch, N = S * B
 * tokens, D d_model, V vocabulary, L layers; Q positions of queries, M positions of keys and values, H heads, W width
 * of a head; E experts, K choices per token, C slots per expert, F d_ff; R rows and G groups of a plain product; T
 * steps of a trajectory.
 *
 * <p>Two rules keep native memory and gradients right. Results attach to the manager of the <em>first</em> operand, so
 * a parameter or a constant never stands first. And the {@code mul/div/pow(Number)} overloads of DJL are not used here:
 * they free the scalar while autograd still holds it.
 */
package dev.switchlab.nn;
