/**
 * Golden cases: what the reference PyTorch implementation computed, replayed on this model and compared tensor by
 * tensor.
 *
 * <p>A {@link dev.switchlab.golden.CaseFile} is read from a safetensors file, becomes a
 * {@link dev.switchlab.golden.GoldenCase} of its kind, a replay runs it on the model, and a
 * {@link dev.switchlab.golden.CaseComparison} holds every difference against the
 * {@link dev.switchlab.golden.Tolerances}. {@link dev.switchlab.golden.GoldenVerifier} does all of it for a folder. The
 * format is described in {@code golden/README.md}.
 */
package dev.switchlab.golden;
