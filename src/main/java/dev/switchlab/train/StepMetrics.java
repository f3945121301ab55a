package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.nn.HostCopy;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.RoutingStatistics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What one optimizer step gave.
 *
 * @param loss cross-entropy, mixed with that of a teacher, plus weighted router losses, in nats
 * @param crossEntropy mean cross-entropy per token, in nats
 * @param loadBalance load-balancing loss summed over layers, before its coefficient; 0 for dense models
 * @param zLoss router z-loss summed over layers, before its coefficient; empty unless it is trained on
 * @param teacherCrossEntropy mean cross-entropy with the teacher's probabilities, in nats; empty without a teacher
 * @param gradNorm global gradient norm before clipping
 * @param learningRate learning rate of the step
 * @param routing statistics of the step's last micro-batch, one entry per sparse layer; empty unless asked for
 */
public record StepMetrics(
        double loss,
        double crossEntropy,
        double loadBalance,
        OptionalDouble zLoss,
        OptionalDouble teacherCrossEntropy,
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
        teacherCrossEntropy.ifPresent(value -> metrics.put(MetricNames.TRAIN_TEACHER_CROSS_ENTROPY, value));
        metrics.put(MetricNames.TRAIN_GRAD_NORM, gradNorm);
        metrics.put(MetricNames.TRAIN_LEARNING_RATE, learningRate);
        routing.forEach(layer -> metrics.putAll(layer.metrics()));
        return metrics;
    }

    /** The metrics of a step, kept where they were computed and read in one go when all is queued. */
    static final class Reading {

        private final NDManager step;
        private final ProcessGroup world;
        private final List<MicroBatch> microBatches = new ArrayList<>();
        private List<RoutingStatistics.Numbers> routing = List.of();

        /**
         * Nothing yet.
         *
         * @param step owns what is kept
         * @param world the ranks of which each has a part of each micro-batch
         */
        Reading(NDManager step, ProcessGroup world) {
            this.step = step;
            this.world = world;
        }

        private record MicroBatch(double share, Map<String, NDArray> losses) {}

        /**
         * The losses of this rank's part of a micro-batch.
         *
         * @param share its weight in the step; over all micro-batches and ranks they are 1
         * @param losses scalars by the name of their metric; each micro-batch of a step has the same
         */
        void add(double share, Map<String, NDArray> losses) {
            Map<String, NDArray> kept = new LinkedHashMap<>();
            losses.forEach((name, loss) -> kept.put(name, loss.stopGradient()));
            kept.values().forEach(scalar -> scalar.attach(step));
            microBatches.add(new MicroBatch(share, kept));
        }

        /** How the step's last micro-batch was routed. */
        void routing(List<Routing> layers) {
            routing = layers.stream()
                    .map(layer -> RoutingStatistics.Numbers.of(step, layer))
                    .toList();
        }

        /**
         * Reads everything: the only time that a step waits for its device.
         *
         * @param gradNorm the gradients' norm, a scalar
         * @param learningRate of the step
         */
        StepMetrics metrics(NDArray gradNorm, double learningRate) {
            List<NDArray> wanted = new ArrayList<>(List.of(gradNorm));
            microBatches.forEach(micro -> wanted.addAll(micro.losses.values()));
            routing.forEach(numbers -> wanted.add(numbers.tensor()));
            Iterator<double[]> read = meanOfRanks(HostCopy.all(step, wanted)).iterator();

            double norm = read.next()[0];
            Map<String, Double> sums = new HashMap<>();
            for (MicroBatch micro : microBatches) {
                for (String name : micro.losses.keySet()) {
                    sums.merge(name, micro.share * world.size() * read.next()[0], Double::sum);
                }
            }
            return new StepMetrics(
                    sums.get(MetricNames.TRAIN_LOSS),
                    sums.get(MetricNames.TRAIN_CROSS_ENTROPY),
                    sums.getOrDefault(MetricNames.TRAIN_LOAD_BALANCE, 0.0),
                    optional(sums.get(MetricNames.TRAIN_Z_LOSS)),
                    optional(sums.get(MetricNames.TRAIN_TEACHER_CROSS_ENTROPY)),
                    norm,
                    learningRate,
                    routing.stream()
                            .map(numbers -> numbers.statistics(read.next()))
                            .toList());
        }

        private static OptionalDouble optional(Double value) {
            return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
        }

        /**
         * Element by element. Parts are equally large, so that the mean of their means is the mean of all; sums per
         * expert become those of a part.
         */
        private List<double[]> meanOfRanks(List<double[]> own) {
            if (world.size() == 1) {
                return own;
            }
            double[] flat = own.stream().flatMapToDouble(Arrays::stream).toArray();
            double[] mean = new double[flat.length];
            for (double[] ofRank : world.gather(flat)) {
                for (int i = 0; i < mean.length; i++) {
                    mean[i] += ofRank[i] / world.size();
                }
            }
            List<double[]> means = new ArrayList<>();
            int at = 0;
            for (double[] values : own) {
                means.add(Arrays.copyOfRange(mean, at, at + values.length));
                at += values.length;
            }
            return means;
        }
    }
}
