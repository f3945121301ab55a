package dev.switchlab.experiment;

/**
 * The training recipe.
 *
 * @param steps optimizer steps
 * @param batchSize sequences a step and accumulation
 * @param seqLen characters a sequence
 * @param accumulate micro-batches whose gradients are averaged into one step
 * @param optimizer optimizer
 * @param update where eps goes and how the moments are corrected
 * @param learningRate peak learning rate; for the Noam schedule the factor before d_model^-0.5
 * @param schedule learning rate over time
 * @param warmup steps of linear warm-up
 * @param finalLearningRate for {@link Schedule#COSINE}: the last learning rate as a share of the peak
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param eps added to the denominator
 * @param weightDecay decoupled weight decay
 * @param gradClip largest global gradient norm; 0 switches clipping off
 * @param loadBalance coefficient of the load-balancing loss (paper section 2.2: alpha)
 * @param logEvery steps between logged training metrics
 * @param evalEvery steps between evaluations on the fixed validation sample
 * @param evalBatches batches in that sample
 * @param checkpointEvery steps between checkpoints
 * @param sampleEvery steps between generated samples; 0 for only at the end
 * @param sampleLength characters a sample
 * @param samplePrompt text that a sample continues
 */
public record TrainConfig(
        int steps,
        int batchSize,
        int seqLen,
        int accumulate,
        OptimizerKind optimizer,
        UpdateRule update,
        double learningRate,
        Schedule schedule,
        int warmup,
        double finalLearningRate,
        double beta1,
        double beta2,
        double eps,
        double weightDecay,
        double gradClip,
        double loadBalance,
        int logEvery,
        int evalEvery,
        int evalBatches,
        int checkpointEvery,
        int sampleEvery,
        int sampleLength,
        String samplePrompt) {

    /** Optimizer. */
    public enum OptimizerKind {
        /** Adam with the Noam learning-rate schedule. */
        NOAM,
        ADAM,
        /** Adam with decoupled weight decay. */
        ADAMW,
        /** Adam with the running maximum of the second moment (On the Convergence of Adam and Beyond). */
        AMSGRAD
    }

    /** Where eps goes. */
    public enum UpdateRule {
        /** labml: {@code p -= lr * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps)}. */
        REFERENCE,
        /** torch: {@code p -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)}. */
        TORCH
    }

    /** Learning rate over time, after the warm-up. */
    public enum Schedule {
        CONSTANT,
        /** {@code lr * d_model^-0.5 * min(t^-0.5, t * warmup^-1.5)}. */
        NOAM,
        /** Half a cosine from the peak down to {@code final_learning_rate} of it. */
        COSINE
    }
}
