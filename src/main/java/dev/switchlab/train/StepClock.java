package dev.switchlab.train;

/**
 * Is told when a part of a training step has ended; who wants times reads the clock then. On the CPU every operation
 * has run by then.
 */
@FunctionalInterface
public interface StepClock {

    /** Tells nobody. */
    StepClock NONE = part -> {};

    /** The parts of a step, in order. Micro-batches go through the first two again and again. */
    enum Part {
        /** Tokens to the loss. */
        FORWARD,
        /** The loss to all gradients. */
        BACKWARD,
        /** The gradients' norm, and their scaling where that is not the optimizer's. */
        CLIP,
        /** Gradients to new weights. */
        OPTIMIZER
    }

    /** {@code part} has just ended. */
    void ended(Part part);
}
