package dev.switchlab.bench;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The same work in the reference's own code. */
final class ReferenceSubject implements Subject {

    private final ReferenceProcess process;
    private final Map<String, Object> question = new LinkedHashMap<>();
    private Optional<ResidentMemory> memory = Optional.empty();

    ReferenceSubject(ReferenceProcess process, ReferenceModel model, Work work, int repeats) {
        this.process = process;
        question.put("work", work.name().toLowerCase(Locale.ROOT));
        question.put("repeats", repeats);
        question.put("length", GenerationSubject.LENGTH);
        question.putAll(model.settings());
    }

    @Override
    public void round(Samples samples) {
        ReferenceProcess.Answer answer = process.ask(question);
        answer.ms().forEach(ms -> samples.add(Samples.TOTAL, ms));
        memory = Optional.of(new ResidentMemory(answer.now(), answer.peak()));
    }

    /** What its process holds; empty before the first round. */
    Optional<ResidentMemory> memory() {
        return memory;
    }

    /** The process forgets the model. */
    @Override
    public void close() {
        process.ask(Map.of("work", "forget"));
    }
}
