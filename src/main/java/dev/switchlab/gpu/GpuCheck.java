package dev.switchlab.gpu;

import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.golden.Form;
import dev.switchlab.golden.GoldenReport;
import dev.switchlab.golden.GoldenVerifier;
import dev.switchlab.golden.Place;
import dev.switchlab.golden.VerifyOptions;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.provenance.Libtorch;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Consumer;

/** Everything that can be asked of a device before a long run is given to it. */
public final class GpuCheck {

    private final CheckOptions options;
    private final Consumer<Finding> progress;
    private final List<Finding> findings = new ArrayList<>();

    /** @param progress is told each finding as soon as it is there */
    public GpuCheck(CheckOptions options, Consumer<Finding> progress) {
        this.options = options;
        this.progress = progress;
    }

    /** Runs all checks. */
    public List<Finding> run() {
        golden();
        TrainingTrial first = TrainingTrial.run(options, options.steps(), step -> {});
        sameBits(first, TrainingTrial.run(options, options.steps(), step -> {}));
        copies(first);
        found("step time", true, format("%.1f ms, the median of %d steps", first.median(), options.steps() / 2));
        memory();
        return List.copyOf(findings);
    }

    private void golden() {
        Place place = new Place(options.device(), true);
        List<Form> forms =
                List.of(new Form(DispatchForm.FUSED, Kernels.MATRIX), new Form(DispatchForm.BATCHED, Kernels.MATRIX));
        GoldenReport report = GoldenVerifier.verifyFolder(
                options.golden(), new VerifyOptions(forms, List.of(place), ""), result -> {});
        found("golden cases", report.passed(), report.summary());
    }

    private void sameBits(TrainingTrial first, TrainingTrial second) {
        boolean deterministic = Libtorch.loaded().deterministicAlgorithms();
        boolean same = first.losses().equals(second.losses()) && first.weights().equals(second.weights());
        found(
                "two runs",
                same && deterministic,
                format(
                        "%s after %d steps, deterministic algorithms %s",
                        same ? "equal to the bit" : "different", options.steps(), deterministic ? "on" : "off"));
    }

    private void copies(TrainingTrial trial) {
        long most = trial.copies().stream().mapToLong(copies -> copies).max().orElse(0);
        long least = trial.copies().stream().mapToLong(copies -> copies).min().orElse(0);
        found(
                "copies to the host",
                most == 1 && least == 1,
                most == least ? most + " per step" : least + " to " + most + " per step");
    }

    private void memory() {
        int early = Math.max(1, options.memorySteps() / 10);
        UsedMemory[] seen = new UsedMemory[2];
        TrainingTrial.run(options, options.memorySteps(), step -> {
            if (step == early || step == options.memorySteps()) {
                seen[step == early ? 0 : 1] = UsedMemory.now(options.device());
            }
        });
        String steps = format("from step %d to step %d", early, options.memorySteps());
        grown("resident memory", steps, seen[0].resident(), seen[1].resident());
        if (options.device().isGpu()) {
            grown("memory of the device", steps, seen[0].onDevice(), seen[1].onDevice());
        }
    }

    private void grown(String name, String steps, OptionalDouble from, OptionalDouble to) {
        if (from.isEmpty() || to.isEmpty()) {
            found(name, false, "this system does not tell it");
            return;
        }
        double grown = to.getAsDouble() - from.getAsDouble();
        found(
                name,
                grown <= CheckOptions.TOLERATED_GROWTH,
                format("%.0f MB, %+.0f MB %s", to.getAsDouble(), grown, steps));
    }

    private void found(String name, boolean passed, String text) {
        Finding finding = new Finding(name, passed, text);
        findings.add(finding);
        progress.accept(finding);
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    /** The findings as a page. */
    public String page() {
        boolean passed = findings.stream().allMatch(Finding::passed);
        HtmlPage page = new HtmlPage("Check of " + options.device() + (passed ? ": passed" : ": failed"));
        page.text(
                "Trained on random letters: " + options.experiment().id() + ". The routing plan was made by tensors.");
        page.verbatim(String.join("\n", findings.stream().map(Finding::line).toList()));
        page.heading("Settings");
        page.verbatim(options.experiment().toYaml());
        Libtorch.loaded().config().ifPresent(build -> {
            page.heading("libtorch");
            page.verbatim(build);
        });
        return page.render();
    }
}
