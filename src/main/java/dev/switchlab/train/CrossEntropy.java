package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/** Mean cross-entropy in nats, as torch.nn.CrossEntropyLoss over all positions. */
public final class CrossEntropy {

    private CrossEntropy() {}

    /**
     * @param logits (S, B, V)
     * @param targets int64 (S, B)
     * @return scalar
     */
    public static NDArray of(NDArray logits, NDArray targets) {
        return perToken(logits, targets).mean(); // ()
    }

    /**
     * Cross-entropy with a teacher's probabilities in place of true tokens (Switch Transformers, section 4.2).
     *
     * @param logits (S, B, V)
     * @param probabilities of the teacher, (S, B, V)
     * @return scalar
     */
    public static NDArray withTeacher(NDArray logits, NDArray probabilities) {
        long v = logits.getShape().get(logits.getShape().dimension() - 1);
        NDArray logProbabilities = logits.reshape(-1, v).logSoftmax(-1); // (N, V)
        return logProbabilities
                .mul(probabilities.reshape(-1, v))
                .sum(new int[] {-1})
                .mean()
                .neg(); // ()
    }

    /**
     * The loss of distillation.
     *
     * @param crossEntropy {@link #of}, scalar
     * @param withTeacher {@link #withTeacher}, scalar
     * @param weight share of the teacher, from 0 to 1
     * @return scalar
     */
    public static NDArray mixed(NDArray crossEntropy, NDArray withTeacher, double weight) {
        NDManager manager = crossEntropy.getManager();
        NDArray own = manager.full(new Shape(), (float) (1 - weight), DataType.FLOAT32); // ()
        NDArray theirs = manager.full(new Shape(), (float) weight, DataType.FLOAT32); // ()
        return crossEntropy.mul(own).add(withTeacher.mul(theirs)); // ()
    }

    /** The cross-entropy of each token, (N). */
    public static NDArray perToken(NDArray logits, NDArray targets) {
        long v = logits.getShape().get(logits.getShape().dimension() - 1);
        NDArray logProbabilities = logits.reshape(-1, v).logSoftmax(-1); // (N, V)
        return logProbabilities.gather(targets.reshape(-1, 1), 1).squeeze(1).neg(); // (N)
    }
}
