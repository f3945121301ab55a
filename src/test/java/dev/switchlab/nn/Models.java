package dev.switchlab.nn;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Combinators;

/** Settings of small models of every kind; left out: dropout, capacity, exploration. */
public final class Models implements ArbitrarySupplier<String> {

    @Override
    public Arbitrary<String> get() {
        Arbitrary<String> layers =
                Arbitraries.of("model.n_layers=1", "model.n_layers=3", "model.n_layers=4 model.moe_every=2");
        Arbitrary<String> experts = Arbitraries.of(
                "model.n_experts=1",
                "model.n_experts=4",
                "model.n_experts=9",
                "model.n_experts=5 model.top_k=2",
                "model.n_experts=6 model.top_k=3 model.shared_experts=1",
                "model.n_experts=3 model.top_k=3 model.shared_experts=2");
        Arbitrary<String> router = Arbitraries.of(
                "",
                "model.router_scope=chosen",
                "model.router_score=sigmoid",
                "model.normalize_gates=true",
                "model.router_score=sigmoid model.normalize_gates=true model.gate_scale=2.5");
        Arbitrary<String> network = Combinators.combine(
                        Arbitraries.of("relu", "gelu", "sigmoid", "silu", "relu2"), Arbitraries.of(true, false))
                .as((activation, gated) -> "model.activation=" + activation + " model.gated=" + gated);
        Arbitrary<String> biases = Arbitraries.of(
                "",
                "model.feed_forward_bias=false",
                "model.attention_bias=false model.router_bias=false",
                "model.attention_bias=true model.router_bias=true");
        Arbitrary<String> attention = Combinators.combine(
                        Arbitraries.of("none", "learned", "rotary"), Arbitraries.of(1, 2, 4))
                .as((positions, heads) -> "model.positions=" + positions + " model.heads=" + heads);
        Arbitrary<String> more = Arbitraries.of(
                "",
                "model.norm=rms",
                "model.bigram=true",
                "model.qk_norm=true",
                "model.norm=rms model.qk_norm=true model.bigram=true");
        return Combinators.combine(layers, experts, router, network, biases, attention, more)
                .as((a, b, c, d, e, f, g) -> Stream.of("model.d_model=8 model.d_ff=6", a, b, c, d, e, f, g)
                        .filter(settings -> !settings.isEmpty())
                        .collect(Collectors.joining(" ")));
    }
}
