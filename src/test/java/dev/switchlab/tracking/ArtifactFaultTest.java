package dev.switchlab.tracking;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.tracking.FaultyProxy.Fault;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Files that the server does not take, or not at once. */
@Timeout(120)
final class ArtifactFaultTest extends AgainstServerProcess {
    @Test
    void artifactsOfAServerWithoutProxyStayHere() throws Exception {
        try (FaultyProxy proxy = new FaultyProxy(direct);
                TrackingStore store = patient(proxy.uri())) {
            proxy.changeAnswers(json -> json.replace("mlflow-artifacts:/", "s3://bucket/"));
            MlflowRunLog log = store.startRun(TestRuns.info());
            log(log, 1, 3);
            log.text("samples/a.txt", "one");
            log.text("samples/b.txt", "two");
            log.finish(RunStatus.FINISHED);
            assertThat(runs.resolve("local-artifacts").resolve(log.runId()).resolve("samples/a.txt"))
                    .hasContent("one");
            assertThat(notices.all()).singleElement().asString().contains("artifacts stay in", "s3://bucket/");
            Path back = runs.resolve("back");
            store.download(log.runId(), "samples/b.txt", back);
            assertThat(back).hasContent("two");
            assertThat(proxy.seen()).noneMatch(seen -> seen.method().equals("PUT"));
            assertWhole(log.runId(), 3);
        }
    }

    @Test
    void aLargeUploadCutInTheMiddleIsRepeated() throws Exception {
        byte[] bytes = new byte[20_000_000];
        new Random(3).nextBytes(bytes);
        Path file = Files.write(runs.resolve("large"), bytes);
        try (FaultyProxy proxy = new FaultyProxy(direct);
                TrackingStore store = patient(proxy.uri())) {
            AtomicInteger puts = new AtomicInteger();
            proxy.plan((method, path, number) ->
                    method.equals("PUT") && puts.incrementAndGet() < 3 ? Fault.CUT_BEFORE : Fault.NONE);
            MlflowRunLog log = store.startRun(TestRuns.info());
            log.file("weights/large.bin", file);
            log.finish(RunStatus.FINISHED);
            Path back = runs.resolve("back");
            store.download(log.runId(), "weights/large.bin", back);
            assertThat(back).hasBinaryContent(bytes);
        }
    }
}
