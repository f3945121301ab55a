package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.random.RandomStream;
import dev.switchlab.random.RandomStreams;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.StoredRun;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.Sampler;
import dev.switchlab.train.TextGenerator;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes text with a trained model. */
@Command(name = "sample", description = "Continue a prompt with the model of a run.")
final class SampleCommand implements Callable<Integer> {

    @Mixin
    private RunOptions runs;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private BookOption books;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "What to continue; default: the experiment's train.sample_prompt.",
            defaultValue = "")
    private String prompt;

    @Option(
            names = "--length",
            paramLabel = "N",
            description = "Characters to write (default: ${DEFAULT-VALUE}).",
            defaultValue = "500")
    private int length;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description =
                    "0 takes the most probable character, 1 the model's distribution (default: ${DEFAULT-VALUE}).",
            defaultValue = "0.8")
    private double temperature;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            description = "Draw among the K most probable characters; 0 for all (default: ${DEFAULT-VALUE}).",
            defaultValue = "0")
    private int topK;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Another seed writes another text (default: ${DEFAULT-VALUE}).",
            defaultValue = "1")
    private long seed;

    @Override
    public Integer call() throws IOException {
        Sampler sampler = new Sampler(temperature, topK);
        if (length < 0) {
            throw new IllegalArgumentException("LENGTH is " + length + ", allowed: 0 or more, for example 500");
        }
        Device device = engine.start();
        try (MirroredBook store = books.open();
                LanguageModel model = new StoredRun(store, runs.find(store)).model(device)) {
            String start = prompt.isEmpty() ? model.experiment().train().samplePrompt() : prompt;
            model.tokenizer().encode(start); // refuses unknown characters before anything is printed
            System.out.print(start);
            new TextGenerator(model, sampler)
                    .generate(start, length, new RandomStreams(seed).generator(RandomStream.SAMPLING), character -> {
                        System.out.print(character);
                        System.out.flush();
                    });
            System.out.println();
        }
        return 0;
    }
}
