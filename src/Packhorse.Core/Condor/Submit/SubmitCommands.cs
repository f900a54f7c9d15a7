using System.Collections.Frozen;

namespace Packhorse.Condor.Submit;

/// <summary>The commands that condor_submit knows: those of HTCondor's manual for 23 to 25, and their older spellings.</summary>
internal static class SubmitCommands
{
    private const string Text = """
        accounting_group accounting_group_user allow_arguments_v1 allow_crlf_script allow_environment_v1 allow_startup_script allowed_execute_duration
        allowed_job_duration append_files arc_application arc_resources arc_rte args arguments arguments2 aws_access_key_id_file aws_region
        aws_secret_access_key_file azure_admin_key azure_admin_username azure_auth_file azure_image azure_location azure_size
        batch_extra_submit_args batch_name batch_project batch_queue batch_runtime buffer_block_size buffer_files buffer_size
        checkpoint_destination checkpoint_exit_code cmd compress_files concurrency_limits concurrency_limits_expr container_image
        container_is_common container_service_names container_target_dir copy_to_spool core_size coresize cron_day_of_month cron_day_of_week
        cron_hour cron_minute cron_month cron_prep_time cron_window cuda_version dag_node_name dagman_log deferral_prep_time
        deferral_time deferral_window delegate_job_gsi_credentials_lifetime description docker_image docker_network_type docker_override_entrypoint
        docker_pull_policy docker_send_credentials dont_encrypt_input_files dont_encrypt_output_files ec2_access_key_id ec2_ami_id ec2_availability_zone
        ec2_block_device_mapping ec2_ebs_volumes ec2_elastic_ip ec2_iam_profile_arn ec2_iam_profile_name ec2_instance_type ec2_keypair
        ec2_keypair_file ec2_parameter_names ec2_secret_access_key ec2_security_groups ec2_security_ids ec2_spot_price ec2_tag_names
        ec2_user_data ec2_user_data_file ec2_vpc_ip ec2_vpc_subnet email_attributes encrypt_execute_directory encrypt_input_files
        encrypt_output_files env environment environment2 erase_output_and_error_on_restart error executable fetch_files file_remaps
        gce_account gce_auth_file gce_image gce_json_file gce_machine_type gce_metadata gce_metadata_file gce_preemptible getenv
        gpus_maximum_capability gpus_minimum_capability gpus_minimum_memory gpus_minimum_runtime grid_resource gridresource hold hold_kill_sig
        host_name image_size in indata infile initial_dir initialdir input jar_files java_vm_args java_vm_arguments job_ad_information_attrs
        job_environment job_lease_duration job_machine_attrs job_machine_attrs_history_length job_max_vacate_time jobset keep_claim_idle
        keystore_alias keystore_file keystore_passphrase_file kill_sig kill_sig_timeout leave_in_queue load_profile local_files log log_xml
        machine_count manifest manifest_dir match_list_length max_idle max_job_retirement_time max_materialize max_retries
        max_transfer_input_mb max_transfer_output_mb my_proxy_host next_job_start_delay nice_user nodes noop_job noop_job_exit_code
        noop_job_exit_signal notification notify_user on_exit_hold on_exit_hold_reason on_exit_hold_subcode on_exit_remove out outdata
        outfile output output_destination outputdestination parallel_script_shadow periodic_hold periodic_hold_reason periodic_hold_subcode
        periodic_release periodic_remove periodic_vacate pre_arguments pre_cmd pre_environment post_arguments post_cmd post_environment
        preferences preserve_relative_paths prio priority public_input_files rank remote_initialdir remove_kill_sig rendezvousdir request_cpu
        request_cpus request_disk request_gpu request_gpu_memory request_gpus request_gpus_memory request_memory require_gpus require_memory requirements
        retry_request_disk retry_request_memory retry_request_memory_increase retry_request_memory_max retry_until root_dir rootdir run_as_owner
        scitokens_file shell should_transfer_files skip_filechecks skip_if_dataflow stack_size starter_debug starter_log stderr stdin stdout
        stream_error stream_input stream_output submit_event_notes submit_event_user_notes success_exit_code suspend_job_at_exec
        tool_daemon_args tool_daemon_arguments tool_daemon_cmd tool_daemon_error tool_daemon_input tool_daemon_output transfer_checkpoint_files
        transfer_container transfer_error transfer_executable transfer_files transfer_input transfer_input_files transfer_output
        transfer_output_files transfer_output_remaps transfer_plugins ulog_execute_attrs universe use_oauth_services use_scitoken
        use_scitokens use_x509userproxy user_log vm_checkpoint vm_disk vm_macaddr vm_memory vm_networking vm_networking_type
        vm_no_output_vm vm_type vm_vcpus vm_vnc want_graceful_removal want_io_proxy when_to_transfer_output x509userproxy
        """;

    public static FrozenSet<string> All { get; } =
        Text.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)
            .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // Custom resources (request_NAME), OAuth services (NAME_oauth_permissions), EC2 tags and the like have names of the user's.
    private static readonly string[] OpenPrefixes =
    [
        "request_",
        "require_",
        "ec2_tag_",
        "ec2_parameter_",
        "vm_",
        "retry_request_",
    ];

    public static bool IsKnown(string name) =>
        All.Contains(name)
        || name.Contains("_oauth_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("dag_", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith(".dagman", StringComparison.OrdinalIgnoreCase);

    /// <summary>Names of which every end may be a user's; a spelling mistake in one cannot be told for sure.</summary>
    public static bool MayBeCustom(string name) =>
        OpenPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>The command that is spelt most alike, at most two letters away, or null.</summary>
    public static string? Nearest(string name)
    {
        (string Command, int Distance) nearest = All.Select(command =>
                (command, Distance(name.ToLowerInvariant(), command))
            )
            .OrderBy(pair => pair.Item2)
            .ThenBy(pair => pair.command, StringComparer.Ordinal)
            .First();
        return nearest.Distance <= Math.Min(2, name.Length / 4) ? nearest.Command : null;
    }

    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > 2)
        {
            return int.MaxValue;
        }
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 0; i < a.Length; i++)
        {
            var row = new int[b.Length + 1];
            row[0] = i + 1;
            for (int j = 0; j < b.Length; j++)
            {
                int change = previous[j] + (a[i] == b[j] ? 0 : 1);
                row[j + 1] = Math.Min(change, Math.Min(previous[j + 1], row[j]) + 1);
            }
            previous = row;
        }
        return previous[^1];
    }
}
