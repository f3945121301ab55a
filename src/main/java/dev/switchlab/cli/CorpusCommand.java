package dev.switchlab.cli;

import dev.switchlab.data.Corpus;
import dev.switchlab.data.CorpusStore;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "corpus",
        description = "Get a known corpus, so that experiments can name it: java-sources, Java files of well-known"
                + " libraries, is put together from jars that Maven fetches.")
final class CorpusCommand implements Callable<Integer> {

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "tiny-shakespeare, dickens or java-sources (default: ${DEFAULT-VALUE}).",
            defaultValue = "java-sources")
    private String name;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Corpus corpus = CorpusStore.create().get(name.strip());
        System.out.printf(
                Locale.ROOT, "%s: %,d characters, sha256 %s%n", corpus.name(), corpus.characters(), corpus.sha256());
        return 0;
    }
}
