package dev.switchlab.analysis;

import dev.switchlab.io.WholeFile;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.runs.Run;
import dev.switchlab.train.RoutingTrace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import tech.tablesaw.api.Table;

/**
 * One run as one self-contained HTML page: losses, experts over time, the routing of a text, the sample, the
 * provenance.
 */
public final class RunReport {

    private final Run run;
    private final RunTables tables;
    private final RouterSaturation saturation;
    private final RoutingTrace trace;
    private final Table similarity;
    private final Optional<String> sample;

    /**
     * @param run the run
     * @param source where its metrics and artifacts are
     * @param trace its model's routing of a text
     * @param similarity the {@link ExpertSimilarity} of its model
     * @param sample text that its model generated
     */
    public RunReport(Run run, RunSource source, RoutingTrace trace, Table similarity, Optional<String> sample) {
        this.run = run;
        this.tables = new RunTables(source);
        this.saturation = RouterSaturation.of(source, run);
        this.trace = trace;
        this.similarity = similarity;
        this.sample = sample;
    }

    /**
     * Writes the page to {@code file}, whole or not at all.
     *
     * @return its figures as SVG drawings that stand alone, by slug, such as "losses"
     */
    public Map<String, String> write(Path file) throws IOException {
        HtmlPage page = page();
        WholeFile.write(file, page.render());
        return page.pictures();
    }

    /** Artifacts and tags for MLflow's own pages. */
    public MlflowArtifacts forMlflow() {
        return trace.layers().isEmpty()
                ? MlflowArtifacts.none()
                : MlflowArtifacts.of(run.runId(), run.start(), saturation.loads(), trace);
    }

    private HtmlPage page() {
        HtmlPage page = new HtmlPage(run.name());
        boolean isDense = trace.layers().isEmpty();
        RunFacts facts = new RunFacts(run, page);
        TrainingSections training = new TrainingSections(run, tables, page);
        facts.summary();
        training.losses(isDense);
        if (isDense) {
            page.heading("Experts").text("This model is dense: it has no router and no experts.");
        } else {
            training.experts();
            training.saturation(saturation);
            new RoutingSections(trace, similarity, page).write();
        }
        sample.ifPresent(text -> page.heading("Sample").verbatim(text));
        facts.provenance();
        return page;
    }
}
