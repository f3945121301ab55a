package dev.switchlab.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the records refuse, with the whole message. */
class ImpossibleValuesTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            model.heads=5 model.positions=none | model.heads is 5; allowed: divisors of model.d_model=128: 1, 2, 4, 8, 16, 32, 64, 128; example: model.heads=4
            model.heads=128 | model.heads is 128; allowed: divisors of model.d_model=128 with an even quotient (rotary positions): 1, 2, 4, 8, 16, 32, 64; example: model.heads=64
            model.d_model=7 | model.d_model is 7; allowed: even numbers with model.positions=rotary; example: model.d_model=8
            model.heads=0 | model.heads is 0; allowed: whole numbers from 1; example: model.heads=4
            model.d_model=-8 | model.d_model is -8; allowed: whole numbers from 1; example: model.d_model=128
            model.d_ff=0 | model.d_ff is 0; allowed: whole numbers from 1; example: model.d_ff=256
            model.n_layers=0 | model.n_layers is 0; allowed: whole numbers from 1; example: model.n_layers=4
            model.n_experts=0 | model.n_experts is 0; allowed: whole numbers from 1; example: model.n_experts=4
            model.feed_forward=dense | model.n_experts is 4; allowed: only 1 with model.feed_forward=dense; example: model.n_experts=1
            model.capacity_factor=0 | model.capacity_factor is 0.0; allowed: finite numbers above 0; example: model.capacity_factor=1.25
            model.eval_capacity_factor=-1 | model.eval_capacity_factor is -1.0; allowed: finite numbers above 0; example: model.eval_capacity_factor=2.0
            model.capacity_factor=1e999 | model.capacity_factor is Infinity; allowed: finite numbers above 0; example: model.capacity_factor=1.25
            model.min_capacity=-1 | model.min_capacity is -1; allowed: whole numbers from 0; example: model.min_capacity=4
            model.dropout=1 | model.dropout is 1.0; allowed: from 0 to below 1; example: model.dropout=0.1
            model.router_jitter=-0.1 | model.router_jitter is -0.1; allowed: from 0 to below 1; example: model.router_jitter=0.01
            model.init_scale=0 | model.init_scale is 0.0; allowed: finite numbers above 0; example: model.init_scale=0.1
            model.top_k=5 | model.top_k is 5; allowed: whole numbers from 1 to model.n_experts=4; example: model.top_k=1
            model.top_k=0 | model.top_k is 0; allowed: whole numbers from 1 to model.n_experts=4; example: model.top_k=1
            model.feed_forward=dense model.n_experts=1 model.top_k=2 | model.top_k is 2; allowed: whole numbers from 1 to model.n_experts=1; example: model.top_k=1
            model.router_score=sigmoid model.router_scope=chosen | model.router_scope is chosen; allowed: only all with model.router_score=sigmoid, where each score is for itself; example: model.router_scope=all
            model.router_scope=chosen model.normalize_gates=true | model.normalize_gates is true; allowed: only false with model.router_scope=chosen, whose gates sum to one already; example: model.normalize_gates=false
            model.gate_scale=0 | model.gate_scale is 0.0; allowed: finite numbers above 0; example: model.gate_scale=1.0
            model.top_k=2 model.is_scale_prob=false | model.is_scale_prob is false; allowed: only true with model.top_k=2: choices are weighed by their gates; example: model.is_scale_prob=true
            model.gate_scale=2.5 model.is_scale_prob=false | model.is_scale_prob is false; allowed: only true with model.normalize_gates=true or a model.gate_scale other than 1; example: model.is_scale_prob=true
            model.shared_experts=-1 | model.shared_experts is -1; allowed: whole numbers from 0; example: model.shared_experts=1
            model.feed_forward=dense model.n_experts=1 model.shared_experts=1 | model.shared_experts is 1; allowed: only 0 with model.feed_forward=dense; example: model.shared_experts=0
            model.moe_every=5 | model.moe_every is 5; allowed: whole numbers from 1 to model.n_layers=4; example: model.moe_every=1
            model.moe_every=0 | model.moe_every is 0; allowed: whole numbers from 1 to model.n_layers=4; example: model.moe_every=1
            model.expert_dropout=1 | model.expert_dropout is 1.0; allowed: from 0 to below 1; example: model.expert_dropout=0.4
            model.router_input_dropout=1 | model.router_input_dropout is 1.0; allowed: from 0 to below 1; example: model.router_input_dropout=0.1
            model.exploration=sample train.selection_bias_rate=0.001 | model.exploration is sample; allowed: argmax, input_dropout, jitter with train.selection_bias_rate above 0: the bias moves a ranking, not a distribution; example: model.exploration=jitter
            model.n_experts=4000000 model.top_k=2000000 | model.top_k is 2000000; allowed: at most 1048575 with 2048 tokens per batch; example: model.top_k=2
            train.precision=selective model.dropout=0.1 | train.precision is selective; allowed: only float32 with model.dropout or model.expert_dropout above 0, which no product in bfloat16 has; example: train.precision=float32
            train.precision=bfloat16 model.dispatch=loop | train.precision is bfloat16; allowed: only float32 with another model.dispatch than fused; example: train.precision=float32
            train.precision=selective model.dispatch=loop | train.precision is selective; allowed: only float32 with another model.dispatch than fused; example: train.precision=float32
            model.router=hashed | model.router is "hashed"; allowed: learned, hash, frozen, random; did you mean hash?; example: model.router=learned
            model.router=hash model.n_experts=4 model.top_k=2 | model.top_k is 2; allowed: only 1 with model.router=hash; example: model.top_k=1
            model.router=random model.router_score=sigmoid | model.router_score is sigmoid; allowed: only softmax with model.router=random; example: model.router_score=softmax
            model.router=hash model.router_scope=chosen | model.router_scope is chosen; allowed: only all with model.router=hash; example: model.router_scope=all
            model.router=random train.selection_bias_rate=0.001 | train.selection_bias_rate is 0.001; allowed: only 0 with model.router=random, which has no scores to add a bias to; example: train.selection_bias_rate=0
            model.router=hash train.z_loss=0.001 | train.z_loss is 0.001; allowed: only 0 with model.router=hash, which has no logits to keep small; example: train.z_loss=0
            train.router_steps=5 | train.router_steps is 5; allowed: only 0 with model.router=learned; any number with model.router=frozen; example: train.router_steps=0
            model.router=frozen train.router_steps=-1 | train.router_steps is -1; allowed: whole numbers from 0; example: train.router_steps=200
            train.z_loss=-1 | train.z_loss is -1.0; allowed: finite numbers from 0; example: train.z_loss=0.001
            train.selection_bias_rate=-1 | train.selection_bias_rate is -1.0; allowed: finite numbers from 0; example: train.selection_bias_rate=0.001
            train.steps=0 | train.steps is 0; allowed: whole numbers from 1; example: train.steps=2000
            train.batch_size=0 | train.batch_size is 0; allowed: whole numbers from 1; example: train.batch_size=32
            train.batch_size=100_000_000 | train.batch_size is 100000000; allowed: at most 33554431 with train.seq_len=64; example: train.batch_size=32
            train.seq_len=0 | train.seq_len is 0; allowed: whole numbers from 1; example: train.seq_len=64
            train.accumulate=0 | train.accumulate is 0; allowed: whole numbers from 1; example: train.accumulate=1
            train.learning_rate=0 | train.learning_rate is 0.0; allowed: finite numbers above 0; example: train.learning_rate=0.002
            train.optimizer=noam train.schedule=cosine | train.schedule is cosine; allowed: only noam with train.optimizer=noam; example: train.schedule=noam
            train.optimizer=noam train.warmup=0 | train.warmup is 0; allowed: whole numbers from 1 with train.schedule=noam; example: train.warmup=2000
            train.warmup=-1 | train.warmup is -1; allowed: whole numbers from 0; example: train.warmup=100
            train.final_learning_rate=1.1 | train.final_learning_rate is 1.1; allowed: from 0 to 1, a share of the peak; example: train.final_learning_rate=0.1
            train.decay_share=0 | train.decay_share is 0.0; allowed: above 0 and up to 1, a share of the steps; example: train.decay_share=0.6
            train.decay_share=1.1 | train.decay_share is 1.1; allowed: above 0 and up to 1, a share of the steps; example: train.decay_share=0.6
            train.ema=1 | train.ema is 1.0; allowed: from 0 to below 1; example: train.ema=0.997
            train.ema=-0.5 | train.ema is -0.5; allowed: from 0 to below 1; example: train.ema=0.997
            train.optimizer=muon train.update=reference | train.update is reference; allowed: only torch with train.optimizer=muon; example: train.update=torch
            train.muon_learning_rate=0 | train.muon_learning_rate is 0.0; allowed: finite numbers above 0; example: train.muon_learning_rate=0.002
            train.muon_momentum=1 | train.muon_momentum is 1.0; allowed: from 0 to below 1; example: train.muon_momentum=0.95
            train.beta1=1 | train.beta1 is 1.0; allowed: from 0 to below 1; example: train.beta1=0.9
            train.beta2=-0.5 | train.beta2 is -0.5; allowed: from 0 to below 1; example: train.beta2=0.99
            train.eps=0 | train.eps is 0.0; allowed: finite numbers above 0; example: train.eps=1e-8
            train.weight_decay=-1 | train.weight_decay is -1.0; allowed: finite numbers from 0; example: train.weight_decay=0.1
            train.grad_clip=-1 | train.grad_clip is -1.0; allowed: finite numbers from 0; example: train.grad_clip=1.0
            train.load_balance=-1 | train.load_balance is -1.0; allowed: finite numbers from 0; example: train.load_balance=0.01
            train.log_every=0 | train.log_every is 0; allowed: whole numbers from 1; example: train.log_every=10
            train.eval_every=0 | train.eval_every is 0; allowed: whole numbers from 1; example: train.eval_every=200
            train.eval_batches=0 | train.eval_batches is 0; allowed: whole numbers from 1; example: train.eval_batches=10
            train.checkpoint_every=0 | train.checkpoint_every is 0; allowed: whole numbers from 1; example: train.checkpoint_every=500
            train.sample_every=-1 | train.sample_every is -1; allowed: whole numbers from 0; example: train.sample_every=500
            train.sample_length=0 | train.sample_length is 0; allowed: whole numbers from 1; example: train.sample_length=200
            train_fraction=1 | train_fraction is 1.0; allowed: above 0 and below 1; example: train_fraction=0.9
            corpus=' ' | corpus is empty; allowed: a corpus name or the path of a UTF-8 text file; example: corpus=tiny-shakespeare
            fallback_corpus=' ' | fallback_corpus is empty; allowed: a corpus name, a path, or none; example: fallback_corpus=dickens
            """, quoteCharacter = '~')
    void anImpossibleValueIsRefused(String overrides, String message) {
        assertThatThrownBy(() -> Experiment.of(Semantics.PAPER, overrides))
                .isInstanceOfSatisfying(
                        ExperimentException.class,
                        e -> assertThat(e.key()).contains(message.substring(0, message.indexOf(' '))))
                .message()
                .endsWith(": " + message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            model.capacity_factor=0.001 model.eval_capacity_factor=1 | model.capacity_factor is 0.001; allowed: from 0.001953125, the smallest factor that lets each of 4 experts take one of 2048 tokens; example: model.capacity_factor=1.0
            model.eval_capacity_factor=0.001 | model.eval_capacity_factor is 0.001; allowed: from 0.001953125, the smallest factor that lets each of 4 experts take one of 2048 tokens; example: model.eval_capacity_factor=1.0
            train.batch_size=1 train.seq_len=1 model.n_experts=49 | model.capacity_factor is 1.2; allowed: from 49.0, the smallest factor that lets each of 49 experts take one of 1 tokens; example: model.capacity_factor=49.0
            """)
    void aCapacityOfZeroIsRefused(String overrides, String message) {
        assertThatThrownBy(() -> Experiment.of(Semantics.REFERENCE, overrides))
                .isInstanceOf(ExperimentException.class)
                .message()
                .endsWith(": " + message);
    }

    @ParameterizedTest
    @CsvSource({
        "model.min_capacity=1 model.eval_min_capacity=1 model.capacity_factor=0.001",
        "model.drop_tokens=false model.capacity_factor=0.001",
        "model.feed_forward=dense model.n_experts=1 model.capacity_factor=1e-9",
        "model.capacity_factor=0.001953125"
    })
    void aCapacityOfZeroMattersOnlyWhereTokensAreDropped(String overrides) {
        Experiment.of(Semantics.REFERENCE, overrides);
    }

    @ParameterizedTest
    @CsvSource({"NaN", "Infinity", "-1.0"})
    void aRecordMadeInCodeIsCheckedToo(double number) {
        Experiment e = Experiment.of(Semantics.PAPER);
        assertThatThrownBy(() -> new Experiment(
                        "x",
                        "",
                        "",
                        e.semantics(),
                        1,
                        e.corpus(),
                        e.fallbackCorpus(),
                        e.tokenizer(),
                        e.initFrom(),
                        e.initParts(),
                        number,
                        e.validation(),
                        e.model(),
                        e.train()))
                .isInstanceOf(ExperimentException.class)
                .hasMessage(
                        "train_fraction is " + number + "; allowed: above 0 and below 1; example: train_fraction=0.9");
    }
}
