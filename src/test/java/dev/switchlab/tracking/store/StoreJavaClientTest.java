package dev.switchlab.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mlflow.api.proto.Service.CreateRun;
import org.mlflow.api.proto.Service.Experiment;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.ActiveRun;
import org.mlflow.tracking.ExperimentsPage;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowContext;
import org.mlflow.tracking.MlflowHttpException;
import org.mlflow.tracking.Page;

/** The official Java client against this server: the whole life of a run. */
class StoreJavaClientTest {
    private static final long NOON = 1_700_000_000_000L;

    @TempDir
    Path runs;

    @Test
    void wholeLifeOfARun() {
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs));
                MlflowClient client = new MlflowClient(server.uri().toString())) {
            String experimentId = client.createExperiment("tiny-shakespeare");
            client.setExperimentTag(experimentId, "corpus", "shakespeare");
            Experiment experiment =
                    client.getExperimentByName("tiny-shakespeare").orElseThrow();
            assertThat(experiment.getExperimentId()).isEqualTo(experimentId);
            assertThat(experiment.getArtifactLocation()).isEqualTo("mlflow-artifacts:/" + experimentId);
            assertThat(experiment.getTags(0).getValue()).isEqualTo("shakespeare");
            assertThat(client.getExperimentByName("none")).isEqualTo(Optional.empty());

            RunInfo info = client.createRun(CreateRun.newBuilder()
                    .setExperimentId(experimentId)
                    .setRunName("seed-1")
                    .setUserId("ann")
                    .setStartTime(NOON)
                    .addTags(RunTag.newBuilder().setKey("seed").setValue("1"))
                    .build());
            String runId = info.getRunId();
            assertThat(info.getArtifactUri())
                    .isEqualTo("mlflow-artifacts:/" + experimentId + "/" + runId + "/artifacts");

            client.logParam(runId, "model.n_experts", "4");
            client.logMetric(runId, "train/loss", 4.25, NOON, 1);
            List<Metric> batch = new ArrayList<>();
            for (int step = 2; step <= 901; step++) {
                batch.add(metric("train/loss", 4.25 / step, step));
            }
            client.logBatch(
                    runId,
                    batch,
                    List.of(Param.newBuilder().setKey("seed").setValue("1").build()),
                    List.of(RunTag.newBuilder()
                            .setKey("phase")
                            .setValue("training")
                            .build()));
            client.logBatch(
                    runId,
                    List.of(
                            metric("odd", Double.NaN, 1),
                            metric("odd", Double.POSITIVE_INFINITY, 2),
                            metric("odd", Double.NEGATIVE_INFINITY, 3),
                            metric("odd", Double.MIN_VALUE, 4)),
                    List.of(),
                    List.of());
            client.setTag(runId, "phase", "done");
            client.deleteTag(runId, "seed");
            client.setTerminated(runId, RunStatus.FINISHED, NOON + 60_000);

            Run run = client.getRun(runId);
            assertThat(run.getInfo().getRunName()).isEqualTo("seed-1");
            assertThat(run.getInfo().getStatus()).isEqualTo(RunStatus.FINISHED);
            assertThat(run.getInfo().getStartTime()).isEqualTo(NOON);
            assertThat(run.getInfo().getEndTime()).isEqualTo(NOON + 60_000);
            assertThat(run.getData().getParamsList())
                    .extracting(param -> param.getKey() + "=" + param.getValue())
                    .containsExactly("model.n_experts=4", "seed=1");
            assertThat(run.getData().getTagsList())
                    .extracting(tag -> tag.getKey() + "=" + tag.getValue())
                    .containsExactly("mlflow.runName=seed-1", "phase=done");
            assertThat(run.getData().getMetrics(0).getValue()).isEqualTo(4.25 / 901);
            assertThat(client.getMetricHistory(runId, "train/loss")).hasSize(901);
            assertThat(client.getMetricHistory(runId, "odd"))
                    .extracting(Metric::getValue)
                    .containsExactly(Double.NaN, Double.MAX_VALUE, -Double.MAX_VALUE, Double.MIN_VALUE);

            client.deleteRun(runId);
            assertThat(client.listRunInfos(experimentId)).isEmpty();
            client.restoreRun(runId);
            assertThat(client.listRunInfos(experimentId)).hasSize(1);
            client.renameExperiment(experimentId, "shakespeare");
            client.deleteExperiment(experimentId);
            assertThat(client.searchExperiments().getItems())
                    .extracting(Experiment::getName)
                    .containsExactly("Default");
            client.restoreExperiment(experimentId);
            assertThat(client.getExperiment(experimentId).getName()).isEqualTo("shakespeare");
        }
    }

    @Test
    void searchesInPages() {
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs));
                MlflowClient client = new MlflowClient(server.uri().toString())) {
            for (int i = 0; i < 5; i++) {
                String id = client.createRun("0").getRunId();
                client.logMetric(id, "loss", i, NOON, 0);
                client.createExperiment("experiment-" + i);
            }
            List<Double> losses = new ArrayList<>();
            Page<Run> page = client.searchRuns(
                    List.of("0"), "metrics.loss > 0.5", ViewType.ACTIVE_ONLY, 2, List.of("metrics.loss DESC"));
            while (page.getPageSize() > 0) {
                page.getItems()
                        .forEach(run -> losses.add(run.getData().getMetrics(0).getValue()));
                page = page.getNextPage();
            }
            assertThat(losses).containsExactly(4.0, 3.0, 2.0, 1.0);

            ExperimentsPage experiments =
                    client.searchExperiments("name LIKE 'exp%'", ViewType.ALL, 3, List.of("name DESC"));
            assertThat(experiments.getItems())
                    .extracting(Experiment::getName)
                    .containsExactly("experiment-4", "experiment-3", "experiment-2");
            assertThat(experiments.hasNextPage()).isTrue();
            assertThat(experiments.getNextPage().getItems()).hasSize(2);
        }
    }

    @Test
    void fluentContext() {
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs));
                MlflowClient client = new MlflowClient(server.uri().toString())) {
            client.createExperiment("fluent");
            MlflowContext context = new MlflowContext(client);
            context.setExperimentName("fluent");
            ActiveRun run = context.startRun("one");
            run.logMetric("x", 1.5, 3);
            run.logParam("p", "q");
            run.endRun();
            Run stored = client.getRun(run.getId());
            assertThat(stored.getInfo().getRunName()).isEqualTo("one");
            assertThat(stored.getInfo().getStatus()).isEqualTo(RunStatus.FINISHED);
            assertThat(stored.getData().getMetrics(0).getStep()).isEqualTo(3);
        }
    }

    @Test
    void errorsReachTheCaller() {
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs));
                MlflowClient client = new MlflowClient(server.uri().toString())) {
            assertThatThrownBy(() -> client.getRun("0".repeat(32)))
                    .isInstanceOf(MlflowHttpException.class)
                    .hasMessageContaining("RESOURCE_DOES_NOT_EXIST");
            assertThatThrownBy(() -> client.createExperiment("Default"))
                    .isInstanceOf(MlflowHttpException.class)
                    .hasMessageContaining("RESOURCE_ALREADY_EXISTS");
        }
    }

    private static Metric metric(String key, double value, long step) {
        return Metric.newBuilder()
                .setKey(key)
                .setValue(value)
                .setTimestamp(NOON + step)
                .setStep(step)
                .build();
    }
}
