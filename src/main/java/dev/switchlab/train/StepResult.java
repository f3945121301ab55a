package dev.switchlab.train;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.nn.RoutingStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What one optimizer step gave.
 *
 * @param loss cross-entropy plus weighted router losses, in nats
 * @param crossEntropy mean cross-entropy per token, in nats
 * @param loadBalance load-balancing loss summed over layers, before its coefficient; 0 for dense models
 * @param zLoss router z-loss summed over layers, before its coefficient; empty unless it is trained on
 * @param gradNorm global gradient norm before clipping
 * @param learningRate learning rate of the step
 * @param routing statistics of the step's last micro-batch, one entry per sparse layer; empty unless asked for
 */
public record StepResult(
        double loss,
        double crossEntropy,
        double loadBalance,
        OptionalDouble zLoss,
        double gradNorm,
        double learningRate,
        List<RoutingStatistics> routing) {

    /** As metrics. */
    public Map<String, Double> metrics() {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(MetricNames.TRAIN_LOSS, loss);
        metrics.put(MetricNames.TRAIN_CROSS_ENTROPY, crossEntropy);
        metrics.put(MetricNames.TRAIN_LOAD_BALANCE, loadBalance);
        zLoss.ifPresent(value -> metrics.put(MetricNames.TRAIN_Z_LOSS, value));
        metrics.put(MetricNames.TRAIN_GRAD_NORM, gradNorm);
        metrics.put(MetricNames.TRAIN_LEARNING_RATE, learningRate);
        routing.forEach(layer -> metrics.putAll(layer.metrics()));
        return metrics;
    }
}
