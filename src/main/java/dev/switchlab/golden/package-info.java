/**
 * Golden cases: what the reference PyTorch implementation computed, replayed on this model and compared tensor by
 * tensor.
 *
 * <p>A {@link dev.switchlab.golden.CaseFile} is read from a safetensors file. {@link dev.switchlab.golden.GoldenCase}
 * binds its {@link dev.switchlab.golden.CaseConfig} and computes it by kind in a {@link dev.switchlab.golden.Harness}.
 * A {@link dev.switchlab.golden.TensorDifference} holds every tensor against the
 * {@link dev.switchlab.golden.Tolerances}. {@link dev.switchlab.golden.GoldenVerifier} does all of it for a folder. The
 * format is described in {@code golden/README.md}.
 */
package dev.switchlab.golden;
