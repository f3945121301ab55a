package dev.switchlab.train;

import dev.switchlab.nn.RoutingStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What one optimizer step gave.
 *
 * @param loss cross-entropy plus weighted load-balancing loss, in nats
 * @param crossEntropy mean cross-entropy a token, in nats
 * @param loadBalance load-balancing loss summed over layers, before its coefficient; 0 for dense models
 * @param gradNorm global gradient norm before clipping
 * @param learningRate learning rate of the step
 * @param routing statistics of the step's last micro-batch, one entry a layer; empty unless asked for
 */
public record StepResult(
        double loss,
        double crossEntropy,
        double loadBalance,
        double gradNorm,
        double learningRate,
        List<RoutingStatistics> routing) {

    /** As metrics. */
    public Map<String, Double> metrics() {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("train/loss", loss);
        metrics.put("train/cross_entropy", crossEntropy);
        metrics.put("train/load_balance", loadBalance);
        metrics.put("train/grad_norm", gradNorm);
        metrics.put("train/learning_rate", learningRate);
        for (int layer = 0; layer < routing.size(); layer++) {
            metrics.putAll(routing.get(layer).metrics(layer));
        }
        return metrics;
    }
}
