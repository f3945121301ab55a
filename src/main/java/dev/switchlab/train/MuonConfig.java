package dev.switchlab.train;

import dev.switchlab.experiment.TrainConfig;

/**
 * Muon, and AdamW for what is no matrix inside a layer.
 *
 * @param learningRate peak learning rate of the matrices
 * @param momentum decay of their momentum
 * @param adam of the other weights; its weight decay is that of the matrices, too
 */
public record MuonConfig(double learningRate, double momentum, AdamConfig adam) {

    /** The optimizer that a training recipe names. */
    public static MuonConfig of(TrainConfig train) {
        return new MuonConfig(train.muonLearningRate(), train.muonMomentum(), AdamConfig.of(train));
    }
}
