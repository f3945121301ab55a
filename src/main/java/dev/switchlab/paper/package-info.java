/**
 * What the Switch Transformer paper and its successors argue about, asked again of a small model. A
 * {@link dev.switchlab.paper.Question} is a file of {@code experiments/paper/}: a sweep and what the paper says.
 * {@link dev.switchlab.paper.PaperSession} runs the sweeps, {@link dev.switchlab.paper.Results} writes down what came
 * out.
 */
package dev.switchlab.paper;
